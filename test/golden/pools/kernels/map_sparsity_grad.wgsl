// map_sparsity_grad
// coefficient[batch 8, time 128, o 2, h 2, k 3], activation[batch 8, time 128, o 2, h 2, k 3], scalars[n 10] -> activation_2[batch 8, time 128, o 2, h 2, k 3], sparsity[batch 8, time 128, o 2, h 2, k 3], sparsity_grad[batch 8, time 128, o 2, h 2, k 3]
// Implements layers.0.ffn.activation, loss.sparsity, loss.sparsity~grad.
// Work: 98.3 kFLOP, 246 kB moved.

@group(0) @binding(0) var<storage, read> coefficient: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> activation: array<f32, 12288>;
@group(0) @binding(2) var<storage, read_write> activation_2: array<f32, 12288>;
@group(0) @binding(3) var<storage, read_write> sparsity: array<f32, 12288>;
@group(0) @binding(4) var<storage, read> scalars: array<f32, 10>;
@group(0) @binding(5) var<storage, read_write> sparsity_grad: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = coefficient[i] * activation[i];
  activation_2[i] = t0;
  sparsity[i] = abs(t0);
  sparsity_grad[i] = scalars[0] / 4.0 / 1024.0 * sign(t0);
}
