// gathered_dot_activation_grad
// normed_grad[batch 8, time 128, d 128], pick[batch 8, time 128, h 2, k 6], write[expert 1024, d 128], weight[batch 8, time 128, h 2, k 6], activation[batch 8, time 128, h 2, k 6], activation_2[batch 8, time 128, h 2, k 6] -> ffn_grad[batch 8, time 128, h 2, k 6], activation_grad[batch 8, time 128, h 2, k 6]
// Implements layers.{0..3}.ffn.activation~grad, layers.{0..3}.ffn~grad.
// Work: 3.31 MFLOP, 1.34 MB moved.

@group(0) @binding(0) var<storage, read> normed_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(2) var<storage, read> write_2: array<f32, 131072>;
@group(0) @binding(3) var<storage, read_write> ffn_grad: array<f32, 12288>;
@group(0) @binding(4) var<storage, read> weight: array<f32, 12288>;
@group(0) @binding(5) var<storage, read> activation: array<f32, 12288>;
@group(0) @binding(6) var<storage, read> activation_2: array<f32, 12288>;
@group(0) @binding(7) var<storage, read_write> activation_grad: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let h_k = position % 12;
  let batch_time = position / 12;
  let t0 = pick[batch_time * 12 + h_k];
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    sum0 += normed_grad[batch_time * 128 + d] * write_2[t0 * 128 + d];
  }
  ffn_grad[batch_time * 12 + h_k] = sum0;
  let t1 = sum0 * weight[batch_time * 12 + h_k];
  let t2 = activation[batch_time * 12 + h_k];
  let t3 = t2 * 0.70710677;
  activation_grad[batch_time * 12 + h_k] = t1 * (0.5 * t2) * (1.1283792 * exp(-(t3 * t3))) * 0.70710677 + t1 * activation_2[batch_time * 12 + h_k] * 0.5;
}
