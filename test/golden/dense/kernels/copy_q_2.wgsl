// copy_q_2
// q[batch 1, time 128, h 4, f 16, part 2] -> q_2[batch 1, time 128, h 4, e 32]
// Implements layers.{0..3}.attention.q.
// Work: 0 FLOP, 131 kB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 16384>;
@group(0) @binding(1) var<storage, read_write> q_2: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let time_h = position >> 5u;
  q_2[time_h * 32 + e] = q[time_h * 32 + (e & 15) * 2 + (e >> 4u)];
}
