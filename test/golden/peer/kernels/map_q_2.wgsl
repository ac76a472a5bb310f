// map_q_2
// q[batch 8, time 128, h 4, e 32], angle[f 16] -> q_2[batch 8, time 128, h 4, e 32]
// Implements layers.{0..3}.attention.q.
// Work: 1.57 MFLOP, 1.05 MB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> angle: array<f32, 16>;
@group(0) @binding(2) var<storage, read_write> q_2: array<f32, 131072>;

// sin(x + quarter * pi/2), absolute error below 2e-7 for |x| < 12000: pi/2 is taken off in three parts, whose products with n are exact.
fn circular_f32(x: f32, quarter: i32) -> f32 {
  let n = round(x * 0.63661977);
  let r = fma(n, -7.5497899e-8, fma(n, -4.8375130e-4, fma(n, -1.5703125, x)));
  let s = r * r;
  let sine = fma(r * s, fma(s, fma(s, -1.9515296e-4, 8.3321609e-3), -1.6666655e-1), r);
  let cosine = fma(s, fma(s, fma(s, fma(s, 2.4433157e-5, -1.3887316e-3), 4.1666646e-2), -0.5), 1.0);
  let quadrant = i32(n) + quarter;
  let y = select(sine, cosine, (quadrant & 1) != 0);
  return select(y, -y, (quadrant & 2) != 0);
}

fn cos_f32(x: f32) -> f32 { return circular_f32(x, 1); }

fn sin_f32(x: f32) -> f32 { return circular_f32(x, 0); }

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
  let t1 = f32(time) * angle[position_2];
  let t2 = cos_f32(t1);
  let t3 = q[index + 16];
  let t4 = sin_f32(t1);
  q_2[batch * 16384 + time * 128 + h * 32 + e] = select(t3 * t2 + t0 * t4, t0 * t2 - t3 * t4, (e >> 4u) < 1);
}
