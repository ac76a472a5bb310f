// map_norm_grad
// q_grad[batch 8, time 128, d 128], norm[batch 8, time 128], ffn[batch 8, time 128, d 128] -> norm_grad[batch 8, time 128, d 128]
// Implements layers.{1..3}.attention.norm~grad.
// Work: 655 kFLOP, 1.58 MB moved.

@group(0) @binding(0) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> norm: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> ffn: array<f32, 131072>;
@group(0) @binding(3) var<storage, read_write> norm_grad: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let batch_time = position >> 7u;
  norm_grad[batch_time * 128 + d] = q_grad[batch_time * 128 + d] / sqrt(norm[batch_time] / 128.0 + 0.00001) * ffn[batch_time * 128 + d];
}
