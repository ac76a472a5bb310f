// zeros_2
// 2048 elements
// Implements layers.{0..3}.ffn.pick~grad.
// Work: 0 FLOP, 8.19 kB moved.

@group(0) @binding(0) var<storage, read_write> out: array<f32, 2048>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let first = i32(group.x) * 512 + i32(lane_index);
  for (var i = first; i < min(first + 512, 2048); i += 64) {
    out[i] = 0.0;
  }
}
