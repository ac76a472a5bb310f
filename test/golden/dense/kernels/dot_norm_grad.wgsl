// dot_norm_grad
// q_grad[batch 8, time 128, d 128], norm[batch 8, time 128, d 128], norm_2[batch 8, time 128] -> norm_grad[batch 8, time 128]
// Implements layers.0.attention.norm~grad.
// Work: 786 kFLOP, 1.06 MB moved.

@group(0) @binding(0) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> norm: array<f32, 131072>;
@group(0) @binding(2) var<storage, read> norm_2: array<f32, 1024>;
@group(0) @binding(3) var<storage, read_write> norm_grad: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = sqrt(norm_2[i] / 128.0 + 0.00001);
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    sum0 += q_grad[i * 128 + d] * (norm[i * 128 + d] / t0);
  }
  norm_grad[i] = sum0;
}
