// map_optimizer
// scalars[n 9] -> grad_norm[]
// Work: 0 FLOP, 8 B moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 9>;
@group(0) @binding(1) var<storage, read_write> grad_norm: array<f32, 1>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  if (lane_index != 0u) { return; }
  grad_norm[0] = scalars[7];
}
