// inverted_index_2: turns the counts of digits per block into places.
// 12288 entries over 512 rows
// Implements layers.{0..3}.ffn.pick~grad.
// Work: 0 FLOP, 401 kB moved.

@group(0) @binding(0) var<storage, read_write> scratch: array<i32, 37260>;

var<workgroup> sum_of_lane: array<i32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let first = min(lane * 2, 384);
  let end = min(first + 2, 384);
  var sum = 0;
  for (var i = first; i < end; i++) { sum += scratch[36864 + i]; }
  sum_of_lane[lane] = sum;
  workgroupBarrier();
  var before = 0;
  for (var i = 0; i < lane; i++) { before += sum_of_lane[i]; }
  for (var i = first; i < end; i++) {
    let own = scratch[36864 + i];
    scratch[36864 + i] = before;
    before += own;
  }
}
