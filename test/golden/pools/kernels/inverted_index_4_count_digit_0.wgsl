// inverted_index_4: counts digit 0 of the rows in each block of 1024 entries.
// 12288 entries over 8192 rows
// Implements layers.{0..3}.ffn.activation~grad.
// Work: 0 FLOP, 524 kB moved.

@group(0) @binding(0) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(1) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(2) var<storage, read_write> scratch: array<i32, 37260>;

var<workgroup> count_of_lane: array<i32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let block = i32(group.x);
  for (var i = lane; i < 1024; i += 64) { count_of_lane[i] = 0; }
  workgroupBarrier();
  for (var i = block * 1024 + lane; i < min((block + 1) * 1024, 12288); i += 64) {
    let row = opened[i / 6] * 1024 + pick[i];
    let key = select(row, 8192, row < 0);
    count_of_lane[((key >> 0u) & 15) * 64 + lane]++;
  }
  workgroupBarrier();
  for (var digit = lane; digit < 16; digit += 64) {
    var sum = 0;
    for (var i = 0; i < 64; i++) { sum += count_of_lane[digit * 64 + i]; }
    scratch[36864 + digit * 12 + block] = sum;
  }
}
