// gathered_dot_activation_grad
// normed_grad[batch 8, time 128, d 128], opened[batch 8, time 128, o 2], pick[batch 8, time 128, o 2, h 2, k 3], write[pool 8, expert 1024, d 128], sparsity_grad[], activation[batch 8, time 128, o 2, h 2, k 3], activation_2[batch 8, time 128, o 2, h 2, k 3] -> activation_grad[batch 8, time 128, o 2, h 2, k 3]
// Implements layers.{0..3}.ffn.activation~grad, layers.{0..3}.ffn~grad.
// Work: 3.19 MFLOP, 4.92 MB moved.

@group(0) @binding(0) var<storage, read> normed_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(2) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(3) var<storage, read> write_2: array<f32, 1048576>;
@group(0) @binding(4) var<storage, read> sparsity_grad: array<f32, 1>;
@group(0) @binding(5) var<storage, read> activation: array<f32, 12288>;
@group(0) @binding(6) var<storage, read> activation_2: array<f32, 12288>;
@group(0) @binding(7) var<storage, read_write> activation_grad: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let h_k = position % 6;
  let o = (position / 6) & 1;
  let batch_time = position / 12;
  let t0 = opened[batch_time * 2 + o];
  let t1 = pick[batch_time * 12 + o * 6 + h_k];
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    sum0 += normed_grad[batch_time * 128 + d] * write_2[t0 * 131072 + t1 * 128 + d];
  }
  activation_grad[batch_time * 12 + o * 6 + h_k] = (sparsity_grad[0] * sign(activation[batch_time * 12 + o * 6 + h_k]) + sum0) * activation_2[batch_time * 12 + o * 6 + h_k];
}
