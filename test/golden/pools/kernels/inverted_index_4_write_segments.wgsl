// inverted_index_4: writes the row and the start of every segment, and where the last one ends.
// 12288 entries over 8192 rows
// Implements layers.{0..3}.ffn.activation~grad.
// Work: 0 FLOP, 524 kB moved.

@group(0) @binding(0) var<storage, read_write> touched: array<i32, 8192>;
@group(0) @binding(1) var<storage, read_write> offsets: array<i32, 8193>;
@group(0) @binding(2) var<storage, read> scratch: array<i32, 37260>;

var<workgroup> count_of_lane: array<i32, 64>;

// Whether the segment of a row starts here.
fn is_head(i: i32) -> bool {
  let row = scratch[i];
  return row < 8192 && (i == 0 || row != scratch[max(i - 1, 0)]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let block = i32(group.x);
  let first = block * 1024 + lane * 16;
  var own = 0;
  for (var i = first; i < min(first + 16, 12288); i++) {
    own += select(0, 1, is_head(i));
  }
  count_of_lane[lane] = own;
  workgroupBarrier();
  var rank = scratch[37248 + block];
  for (var i = 0; i < lane; i++) { rank += count_of_lane[i]; }
  for (var i = first; i < min(first + 16, 12288); i++) {
    let row = scratch[i];
    if (is_head(i)) {
      touched[rank] = row;
      offsets[rank] = i;
      rank++;
    }
    // The last entry that has a row ends the last segment.
    if (row < 8192 && (i == 12287 || scratch[min(i + 1, 12287)] >= 8192)) { offsets[rank] = i + 1; }
    if (i == 0 && row >= 8192) { offsets[0] = 0; }
  }
}
