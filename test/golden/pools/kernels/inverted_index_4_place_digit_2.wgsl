// inverted_index_4: moves each block of 1024 entries to where digit 2 of their row puts them, equal ones in order.
// 12288 entries over 8192 rows
// Implements layers.{0..3}.ffn.activation~grad.
// Work: 0 FLOP, 524 kB moved.

@group(0) @binding(0) var<storage, read_write> order: array<i32, 12288>;
@group(0) @binding(1) var<storage, read_write> scratch: array<i32, 37260>;

var<workgroup> place_of_lane: array<i32, 2048>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let block = i32(group.x);
  let first = block * 1024 + lane * 16;
  for (var i = lane; i < 2048; i += 64) { place_of_lane[i] = 0; }
  workgroupBarrier();
  for (var i = first; i < min(first + 16, 12288); i++) {
    let key = scratch[12288 + i];
    place_of_lane[((key >> 9u) & 31) * 64 + lane]++;
  }
  workgroupBarrier();
  for (var digit = lane; digit < 32; digit += 64) {
    var before = scratch[36864 + digit * 12 + block];
    for (var i = digit * 64; i < (digit + 1) * 64; i++) {
      let own = place_of_lane[i];
      place_of_lane[i] = before;
      before += own;
    }
  }
  workgroupBarrier();
  for (var i = first; i < min(first + 16, 12288); i++) {
    let key = scratch[12288 + i];
    let entry = scratch[24576 + i];
    let digit = (key >> 9u) & 31;
    let place = place_of_lane[digit * 64 + lane];
    place_of_lane[digit * 64 + lane] = place + 1;
    scratch[0 + place] = key;
    order[place] = entry;
  }
}
