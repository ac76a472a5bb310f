// dot_coefficient_grad
// activation_grad[o 2, h 2, k 3, batch 8, time 128], inner[batch 8, time 128, o 2, h 2, k 3] -> coefficient_grad[o 2, batch 8, time 128]
// Implements layers.{0..3}.ffn.coefficient~grad.
// Work: 24.6 kFLOP, 106 kB moved.

@group(0) @binding(0) var<storage, read> activation_grad: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> inner: array<f32, 12288>;
@group(0) @binding(2) var<storage, read_write> coefficient_grad: array<f32, 2048>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let batch_time = position & 1023;
  let o = position >> 10u;
  var sum0 = 0.0;
  for (var h_k = 0; h_k < 6; h_k++) {
    sum0 += activation_grad[o * 6144 + h_k * 1024 + batch_time] * inner[batch_time * 12 + o * 6 + h_k];
  }
  coefficient_grad[o * 1024 + batch_time] = sum0;
}
