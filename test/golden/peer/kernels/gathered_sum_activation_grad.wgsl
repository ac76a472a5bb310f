// gathered_sum_activation_grad
// activation_grad[batch 8, time 128, h 2, k 6], pick[batch 8, time 128, h 2, k 6], read[expert 1024, d 128] -> activation_grad_2[batch 8, time 128, d 128]
// Implements layers.3.ffn, layers.{0..3}.ffn.activation~grad.
// Work: 3.15 MFLOP, 1.15 MB moved.

@group(0) @binding(0) var<storage, read> activation_grad: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(2) var<storage, read> read_2: array<f32, 131072>;
@group(0) @binding(3) var<storage, read_write> activation_grad_2: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let batch_time = position >> 7u;
  var sum0 = 0.0;
  for (var h_k = 0; h_k < 12; h_k++) {
    sum0 += activation_grad[batch_time * 12 + h_k] * read_2[pick[batch_time * 12 + h_k] * 128 + d];
  }
  activation_grad_2[batch_time * 128 + d] = sum0;
}
