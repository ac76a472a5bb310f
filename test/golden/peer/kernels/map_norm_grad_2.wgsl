// map_norm_grad_2
// norm_grad[batch 8, time 128, d 128], norm_grad_2[batch 8, time 128], norm[batch 8, time 128], tokens[batch 8, time 128], table[v 256, d 128], q_grad[batch 8, time 128, d 128], gain[d 128] -> norm_grad_3[batch 8, time 128, d 128]
// Implements layers.0.attention.norm~grad.
// Work: 2.23 MFLOP, 1.72 MB moved.

@group(0) @binding(0) var<storage, read> norm_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> norm_grad_2: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> norm: array<f32, 1024>;
@group(0) @binding(3) var<storage, read> tokens: array<i32, 1024>;
@group(0) @binding(4) var<storage, read> table: array<f32, 32768>;
@group(0) @binding(5) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(6) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(7) var<storage, read_write> norm_grad_3: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let batch_time = position >> 7u;
  let t0 = sqrt(norm[batch_time] / 128.0 + 0.00001);
  let t1 = tokens[batch_time];
  let t2 = -norm_grad_2[batch_time] * (0.5 / t0) / 128.0 * select(0.0, table[max(min(t1, 255), 0) * 128 + d], 0 <= t1 && t1 < 256);
  norm_grad_3[batch_time * 128 + d] = norm_grad[batch_time * 128 + d] + t2 + t2 + q_grad[batch_time * 128 + d] / t0 * gain[d];
}
