// update_optimizer
// bad_step[] -> bad_step_2[]
// Work: 0 FLOP, 8 B moved.

@group(0) @binding(0) var<storage, read> bad_step: array<f32, 1>;
@group(0) @binding(1) var<storage, read_write> bad_step_2: array<f32, 1>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  if (lane_index != 0u) { return; }
  bad_step_2[0] = bad_step[0];
}
