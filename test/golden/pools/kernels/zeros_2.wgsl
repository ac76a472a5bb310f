// zeros_2
// 16384 elements
// Implements layers.{0..3}.ffn.pick~grad.
// Work: 0 FLOP, 65.5 kB moved.

@group(0) @binding(0) var<storage, read_write> out: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let first = i32(group.x) * 512 + i32(lane_index);
  for (var i = first; i < min(first + 512, 16384); i += 64) {
    out[i] = 0.0;
  }
}
