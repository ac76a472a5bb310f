// map_q_3
// q[batch 1, time 128, h 4, e 32], angle[f 16] -> q_2[batch 1, time 128, h 4, e 32]
// Implements layers.{0..3}.attention.q.
// Work: 197 kFLOP, 131 kB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 16384>;
@group(0) @binding(1) var<storage, read> angle: array<f32, 16>;
@group(0) @binding(2) var<storage, read_write> q_2: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let h = (position >> 5u) & 3;
  let time = position >> 7u;
  let position_2 = e & 15;
  let index = time * 128 + h * 32 + position_2;
  let t0 = q[index];
  let t1 = f32(time) * angle[position_2];
  let t2 = cos(t1);
  let t3 = q[index + 16];
  let t4 = sin(t1);
  q_2[time * 128 + h * 32 + e] = select(t3 * t2 + t0 * t4, t0 * t2 - t3 * t4, (e >> 4u) < 1);
}
