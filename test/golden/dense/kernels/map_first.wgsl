// map_first
// angle[f 16] -> first[time 128, f 16], first_2[time 128, f 16]
// Implements layers.{0..3}.attention.k.first, layers.{0..3}.attention.q.first.
// Work: 12.3 kFLOP, 16.4 kB moved.

@group(0) @binding(0) var<storage, read> angle: array<f32, 16>;
@group(0) @binding(1) var<storage, read_write> first: array<f32, 2048>;
@group(0) @binding(2) var<storage, read_write> first_2: array<f32, 2048>;

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
  let f = position & 15;
  let time = position >> 4u;
  let t0 = f32(time) * angle[f];
  first[time * 16 + f] = cos_f32(t0);
  first_2[time * 16 + f] = sin_f32(t0);
}
