// segments_3
// count[n 1], touched[n 8192], offsets[n 8193] -> segments[n 16387]
// Implements layers.{0..3}.ffn.activation~grad.
// Work: 32.8 kFLOP, 131 kB moved.

@group(0) @binding(0) var<storage, read> count: array<i32, 1>;
@group(0) @binding(1) var<storage, read> touched: array<i32, 8192>;
@group(0) @binding(2) var<storage, read> offsets: array<i32, 8193>;
@group(0) @binding(3) var<storage, read_write> segments: array<i32, 16387>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let end = (count[0] * 2 + 3);
  let count_value = count[0];
  for (var i = i32(group.x) * 64 + i32(lane_index); i < end; i += 16448) {
    let index = ((i + 1) >> 1u) - 1;
    segments[i] = select(select(offsets[max(min(index, 8192), 0)], touched[max(min(index, 8191), 0)], (i & 1) == 1), count_value, i == 0);
  }
}
