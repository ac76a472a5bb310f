// map_angle
// -> angle[f 16]
// Implements layers.{0..3}.attention.k.angle, layers.{0..3}.attention.q.angle.
// Work: 64 FLOP, 64 B moved.

@group(0) @binding(0) var<storage, read_write> angle: array<f32, 16>;

// WGSL has no literal for it.
fn not_a_number() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}

// x^y as C's pow: a negative base has a result for whole exponents.
fn power_f32(x: f32, y: f32) -> f32 {
  if (y == 0.0) { return 1.0; }
  let magnitude = pow(abs(x), y);
  if (x >= 0.0) { return magnitude; }
  if (floor(y) != y) { return not_a_number(); }
  return select(magnitude, -magnitude, abs(y - 2.0 * floor(y * 0.5)) == 1.0);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let f = i32(group.x) * 64 + i32(lane_index);
  if (f >= 16) { return; }
  angle[f] = power_f32(10000.0, -2.0 * f32(f) / 32.0);
}
