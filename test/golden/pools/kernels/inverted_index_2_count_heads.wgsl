// inverted_index_2: counts the segments that start in each block of 1024 entries.
// 12288 entries over 512 rows
// Implements layers.{0..3}.ffn.pick~grad.
// Work: 0 FLOP, 401 kB moved.

@group(0) @binding(0) var<storage, read_write> scratch: array<i32, 37260>;

var<workgroup> count_of_lane: array<i32, 64>;

// Whether the segment of a row starts here.
fn is_head(i: i32) -> bool {
  let row = scratch[i];
  return row < 512 && (i == 0 || row != scratch[max(i - 1, 0)]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let block = i32(group.x);
  var own = 0;
  for (var i = block * 1024 + lane; i < min((block + 1) * 1024, 12288); i += 64) { own += select(0, 1, is_head(i)); }
  count_of_lane[lane] = own;
  workgroupBarrier();
  if (lane == 0) {
    var sum = 0;
    for (var i = 0; i < 64; i++) { sum += count_of_lane[i]; }
    scratch[37248 + block] = sum;
  }
}
