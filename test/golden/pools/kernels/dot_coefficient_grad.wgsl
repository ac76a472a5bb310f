// dot_coefficient_grad
// activation_grad[batch 8, time 128, o 2, h 2, k 3], inner[batch 8, time 128, o 2, h 2, k 3] -> coefficient_grad[batch 8, time 128, o 2]
// Implements layers.{0..3}.ffn.coefficient~grad.
// Work: 24.6 kFLOP, 106 kB moved.

@group(0) @binding(0) var<storage, read> activation_grad: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> inner: array<f32, 12288>;
@group(0) @binding(2) var<storage, read_write> coefficient_grad: array<f32, 2048>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var h_k = 0; h_k < 6; h_k++) {
    sum0 += activation_grad[i * 6 + h_k] * inner[i * 6 + h_k];
  }
  coefficient_grad[i] = sum0;
}
