// sum_q_grad
// q_grad[batch 8, time 128, h 2, half 2, e 32], flat[batch 8, time 128, h 2, half 2, e 32] -> q_grad_2[chunk 64, e 32]
// Implements layers.{0..3}.ffn.q~grad.
// Work: 262 kFLOP, 1.06 MB moved.

@group(0) @binding(0) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> flat: array<f32, 131072>;
@group(0) @binding(2) var<storage, read_write> q_grad_2: array<f32, 2048>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let chunk = position >> 5u;
  var sum0 = 0.0;
  for (var within = 0; within < 64; within++) {
    sum0 += q_grad[chunk * 2048 + within * 32 + e] * flat[chunk * 2048 + within * 32 + e];
  }
  q_grad_2[chunk * 32 + e] = sum0;
}
