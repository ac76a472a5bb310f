// sum_norm_grad
// q_grad[batch 8, time 128, d 128], norm[batch 8, time 128], tokens[batch 8, time 128], table[v 256, d 128] -> norm_grad[chunk 32, d 128]
// Implements layers.0.attention.norm~grad.
// Work: 918 kFLOP, 680 kB moved.

@group(0) @binding(0) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> norm: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> tokens: array<i32, 1024>;
@group(0) @binding(3) var<storage, read> table: array<f32, 32768>;
@group(0) @binding(4) var<storage, read_write> norm_grad: array<f32, 4096>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let chunk = position >> 7u;
  var sum0 = 0.0;
  for (var within = 0; within < 32; within++) {
    let t0 = tokens[chunk * 32 + within];
    sum0 += q_grad[chunk * 4096 + within * 128 + d] / norm[chunk * 32 + within] * select(0.0, table[max(min(t0, 255), 0) * 128 + d], 0 <= t0 && t0 < 256);
  }
  norm_grad[chunk * 128 + d] = sum0;
}
