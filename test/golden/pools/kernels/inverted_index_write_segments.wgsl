// inverted_index: writes the row and the start of every segment, and where the last one ends.
// 1024 entries over 256 rows
// Implements embed~grad, loss.ce.nll~grad.
// Work: 0 FLOP, 36.9 kB moved.

@group(0) @binding(0) var<storage, read_write> touched: array<i32, 256>;
@group(0) @binding(1) var<storage, read_write> offsets: array<i32, 257>;
@group(0) @binding(2) var<storage, read> scratch: array<i32, 3105>;

var<workgroup> count_of_lane: array<i32, 64>;

// Whether the segment of a row starts here.
fn is_head(i: i32) -> bool {
  let row = scratch[i];
  return row < 256 && (i == 0 || row != scratch[max(i - 1, 0)]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let block = i32(group.x);
  let first = block * 1024 + lane * 16;
  var own = 0;
  for (var i = first; i < min(first + 16, 1024); i++) {
    own += select(0, 1, is_head(i));
  }
  count_of_lane[lane] = own;
  workgroupBarrier();
  var rank = scratch[3104 + block];
  for (var i = 0; i < lane; i++) { rank += count_of_lane[i]; }
  for (var i = first; i < min(first + 16, 1024); i++) {
    let row = scratch[i];
    if (is_head(i)) {
      touched[rank] = row;
      offsets[rank] = i;
      rank++;
    }
    // The last entry that has a row ends the last segment.
    if (row < 256 && (i == 1023 || scratch[min(i + 1, 1023)] >= 256)) { offsets[rank] = i + 1; }
    if (i == 0 && row >= 256) { offsets[0] = 0; }
  }
}
