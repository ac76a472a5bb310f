// row_dot_norm_grad_2
// q_grad[batch 8, time 128, d 128], norm[batch 8, time 128, d 128], norm_2[batch 8, time 128], norm_grad[batch 8, time 128, d 128], tokens[batch 8, time 128], table[v 256, d 128], gain[d 128] -> norm_grad_2[batch 8, time 128, d 128]
// Implements layers.0.attention.norm~grad.
// Work: 2.23 MFLOP, 2.24 MB moved.

@group(0) @binding(0) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> norm: array<f32, 131072>;
@group(0) @binding(2) var<storage, read> norm_2: array<f32, 1024>;
@group(0) @binding(3) var<storage, read> norm_grad: array<f32, 131072>;
@group(0) @binding(4) var<storage, read> tokens: array<i32, 1024>;
@group(0) @binding(5) var<storage, read> table: array<f32, 32768>;
@group(0) @binding(6) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(7) var<storage, read_write> norm_grad_2: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = norm_2[i];
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    let q_grad_value = q_grad[i * 128 + d];
    sum0 += q_grad_value * (norm[i * 128 + d] / t0);
  }
  let t1 = -sum0 * (0.5 / t0) / 128.0;
  let t2 = tokens[i];
  let t3 = select(0.0, 1.0, 0 <= t2) * select(0.0, 1.0, t2 < 256);
  let t4 = max(min(t2, 255), 0);
  for (var d_2 = 0; d_2 < 128; d_2++) {
    let t5 = t1 * select(0.0, table[t4 * 128 + d_2], t3 != 0.0);
    let q_grad_value_2 = q_grad[i * 128 + d_2];
    norm_grad_2[i * 128 + d_2] = norm_grad[i * 128 + d_2] + t5 + t5 + q_grad_value_2 / t0 * gain[d_2];
  }
}
