// copy_q
// q[batch 8, time 128, h 4, f 16, part 2] -> q_2[batch 8, time 128, h 4, e 32]
// Implements layers.{0..3}.attention.q.
// Work: 0 FLOP, 1.05 MB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(1) var<storage, read_write> q_2: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let batch_time_h = position >> 5u;
  q_2[batch_time_h * 32 + e] = q[batch_time_h * 32 + (e & 15) * 2 + (e >> 4u)];
}
