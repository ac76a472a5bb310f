// map_activation_grad
// sparsity_grad[], activation[batch 8, time 128, o 2, h 2, k 3], ffn_grad[batch 8, time 128, o 2, h 2, k 3], coefficient[batch 8, time 128, o 2, h 2, k 3], activation_2[batch 8, time 128, o 2, h 2, k 3], activation_3[batch 8, time 128, o 2, h 2, k 3] -> activation_grad[batch 8, time 128, o 2, h 2, k 3]
// Implements layers.{0..3}.ffn.activation~grad.
// Work: 197 kFLOP, 295 kB moved.

@group(0) @binding(0) var<storage, read> sparsity_grad: array<f32, 1>;
@group(0) @binding(1) var<storage, read> activation: array<f32, 12288>;
@group(0) @binding(2) var<storage, read> ffn_grad: array<f32, 12288>;
@group(0) @binding(3) var<storage, read> coefficient: array<f32, 12288>;
@group(0) @binding(4) var<storage, read> activation_2: array<f32, 12288>;
@group(0) @binding(5) var<storage, read> activation_3: array<f32, 12288>;
@group(0) @binding(6) var<storage, read_write> activation_grad: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = (sparsity_grad[0] * sign(activation[i]) + ffn_grad[i]) * coefficient[i];
  let t1 = activation_2[i];
  let t2 = t1 * 0.70710677;
  activation_grad[i] = t0 * (0.5 * t1) * (1.1283792 * exp(-(t2 * t2))) * 0.70710677 + t0 * activation_3[i] * 0.5;
}
