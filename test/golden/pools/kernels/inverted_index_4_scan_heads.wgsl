// inverted_index_4: turns the counts of segments per block into ranks.
// 12288 entries over 8192 rows
// Implements layers.{0..3}.ffn.activation~grad.
// Work: 0 FLOP, 524 kB moved.

@group(0) @binding(0) var<storage, read_write> count: array<i32, 1>;
@group(0) @binding(1) var<storage, read_write> scratch: array<i32, 37260>;

var<workgroup> sum_of_lane: array<i32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let first = min(lane * 1, 12);
  let end = min(first + 1, 12);
  var sum = 0;
  for (var i = first; i < end; i++) { sum += scratch[37248 + i]; }
  sum_of_lane[lane] = sum;
  workgroupBarrier();
  var before = 0;
  for (var i = 0; i < lane; i++) { before += sum_of_lane[i]; }
  for (var i = first; i < end; i++) {
    let own = scratch[37248 + i];
    scratch[37248 + i] = before;
    before += own;
  }
  if (lane == 255) { count[0] = before; }
}
