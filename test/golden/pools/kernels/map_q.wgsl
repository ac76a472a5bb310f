// map_q
// q[batch 8, time 128, h 4, e 32], first[time 128, f 16], first_2[time 128, f 16] -> q_2[batch 8, time 128, h 4, e 32]
// Implements layers.{0..3}.attention.q.
// Work: 1.05 MFLOP, 1.06 MB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> first: array<f32, 2048>;
@group(0) @binding(2) var<storage, read> first_2: array<f32, 2048>;
@group(0) @binding(3) var<storage, read_write> q_2: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let h = (position >> 5u) & 3;
  let time = (position >> 7u) & 127;
  let batch = position >> 14u;
  let position_2 = e & 15;
  let index = batch * 16384 + time * 128 + h * 32 + position_2;
  let t0 = q[index];
  let index_2 = time * 16 + position_2;
  let t1 = first[index_2];
  let t2 = q[index + 16];
  let t3 = first_2[index_2];
  q_2[batch * 16384 + time * 128 + h * 32 + e] = select(t2 * t1 + t0 * t3, t0 * t1 - t2 * t3, (e >> 4u) < 1);
}
