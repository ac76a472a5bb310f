// sum_k_grad
// mixed_grad[batch 8, time 128, g 4, e 32] -> k_grad[batch 8, time 128, g 4, f 16]
// Implements layers.{0..3}.attention.k~grad.
// Work: 65.5 kFLOP, 524 kB moved.

@group(0) @binding(0) var<storage, read> mixed_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read_write> k_grad: array<f32, 65536>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let f = position & 15;
  let batch_time_g = position >> 4u;
  let t0 = mixed_grad[batch_time_g * 32 + f + 16];
  var sum0 = 0.0;
  sum0 += t0;
  k_grad[batch_time_g * 16 + f] = sum0;
}
