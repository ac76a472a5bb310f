// row_dot_weight_grad_2
// ffn_grad[batch 8, time 128, h 2, k 6], activation[batch 8, time 128, h 2, k 6], activation_2[batch 8, time 128, h 2, k 6], weight[batch 8, time 128, h 2, k 6] -> weight_grad[batch 8, time 128, h 2, k 6]
// Implements layers.0.ffn.weight~grad.
// Work: 123 kFLOP, 246 kB moved.

@group(0) @binding(0) var<storage, read> ffn_grad: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> activation: array<f32, 12288>;
@group(0) @binding(2) var<storage, read> activation_2: array<f32, 12288>;
@group(0) @binding(3) var<storage, read> weight: array<f32, 12288>;
@group(0) @binding(4) var<storage, read_write> weight_grad: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var k = 0; k < 6; k++) {
    let product = ffn_grad[i * 6 + k] * (0.5 * activation[i * 6 + k] * activation_2[i * 6 + k]);
    let weight_value = weight[i * 6 + k];
    sum0 += product * weight_value;
  }
  for (var k_2 = 0; k_2 < 6; k_2++) {
    let weight_value_2 = weight[i * 6 + k_2];
    let product_2 = ffn_grad[i * 6 + k_2] * (0.5 * activation[i * 6 + k_2] * activation_2[i * 6 + k_2]);
    weight_grad[i * 6 + k_2] = weight_value_2 * (product_2 - sum0);
  }
}
