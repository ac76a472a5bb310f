// row_dot_q_grad
// pick_grad[batch 8, time 128, h 2, e 32], pick_grad_2[batch 8, time 128, h 2, e 32], q[batch 8, time 128, h 2, half 2, e 32], q_2[batch 8, time 128, h 2, half 2], flat[batch 8, time 128, h 2, half 2, e 32], q_grad[batch 8, time 128, h 2, half 2, e 32], gain[e 32] -> q_grad_2[batch 8, time 128, h 2, half 2, e 32]
// Implements layers.{0..3}.ffn.q~grad.
// Work: 2.88 MFLOP, 2.64 MB moved.

@group(0) @binding(0) var<storage, read> pick_grad: array<f32, 65536>;
@group(0) @binding(1) var<storage, read> pick_grad_2: array<f32, 65536>;
@group(0) @binding(2) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(3) var<storage, read> q_2: array<f32, 4096>;
@group(0) @binding(4) var<storage, read> flat: array<f32, 131072>;
@group(0) @binding(5) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(6) var<storage, read> gain: array<f32, 32>;
@group(0) @binding(7) var<storage, read_write> q_grad_2: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let half = position & 1;
  let batch_time_h = position >> 1u;
  let t0 = sqrt(q_2[batch_time_h * 2 + half] / 32.0 + 0.00001);
  var sum0 = 0.0;
  for (var e = 0; e < 32; e++) {
    sum0 += (select(0.0, pick_grad[batch_time_h * 32 + e], 1 <= half) + select(0.0, pick_grad_2[batch_time_h * 32 + e], half < 1)) * (q[batch_time_h * 64 + half * 32 + e] / t0);
  }
  let t1 = -sum0 * (0.5 / t0) / 32.0;
  for (var e_2 = 0; e_2 < 32; e_2++) {
    let t2 = t1 * flat[batch_time_h * 64 + half * 32 + e_2];
    q_grad_2[batch_time_h * 64 + half * 32 + e_2] = t2 + t2 + q_grad[batch_time_h * 64 + half * 32 + e_2] * gain[e_2];
  }
}
