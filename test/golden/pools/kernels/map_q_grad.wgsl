// map_q_grad
// pick_grad[batch 8, time 128, h 2, e 32], pick_grad_2[batch 8, time 128, h 2, e 32], q[batch 8, time 128, h 2, half 2] -> q_grad[batch 8, time 128, h 2, half 2, e 32]
// Implements layers.{0..3}.ffn.q~grad.
// Work: 1.18 MFLOP, 1.06 MB moved.

@group(0) @binding(0) var<storage, read> pick_grad: array<f32, 65536>;
@group(0) @binding(1) var<storage, read> pick_grad_2: array<f32, 65536>;
@group(0) @binding(2) var<storage, read> q: array<f32, 4096>;
@group(0) @binding(3) var<storage, read_write> q_grad: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let half = (position >> 5u) & 1;
  let batch_time_h = position >> 6u;
  q_grad[batch_time_h * 64 + half * 32 + e] = (select(0.0, pick_grad[batch_time_h * 32 + e], 1 <= half) + select(0.0, pick_grad_2[batch_time_h * 32 + e], half < 1)) / sqrt(q[batch_time_h * 2 + half] / 32.0 + 0.00001);
}
