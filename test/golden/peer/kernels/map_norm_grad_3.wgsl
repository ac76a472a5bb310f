// map_norm_grad_3
// q_grad[batch 8, time 128, d 128], norm[batch 8, time 128], tokens[batch 8, time 128], table[v 256, d 128] -> norm_grad[batch 8, time 128, d 128]
// Implements layers.0.attention.norm~grad.
// Work: 1.18 MFLOP, 1.19 MB moved.

@group(0) @binding(0) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> norm: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> tokens: array<i32, 1024>;
@group(0) @binding(3) var<storage, read> table: array<f32, 32768>;
@group(0) @binding(4) var<storage, read_write> norm_grad: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let batch_time = position >> 7u;
  let t0 = tokens[batch_time];
  norm_grad[batch_time * 128 + d] = q_grad[batch_time * 128 + d] / sqrt(norm[batch_time] / 128.0 + 0.00001) * select(0.0, table[max(min(t0, 255), 0) * 128 + d], 0 <= t0 && t0 < 256);
}
