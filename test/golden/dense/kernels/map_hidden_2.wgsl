// map_hidden_2
// up[batch 8, time 128, f 256] -> hidden[batch 8, time 128, f 256]
// Implements layers.{0..3}.ffn.hidden.
// Work: 1.31 MFLOP, 2.1 MB moved.

@group(0) @binding(0) var<storage, read> up: array<f32, 262144>;
@group(0) @binding(1) var<storage, read_write> hidden: array<f32, 262144>;

// erf(x), absolute error below 3e-7.
fn erf_f32(x: f32) -> f32 {
  let t = min(abs(x), 10.0);
  let s = x * x;
  if (t > 0.927734375) {
    var r = fma(-1.72853470e-5, t, 3.83197126e-4);
    let u = fma(-3.88396438e-3, t, 2.42546219e-2);
    r = fma(r, t * t, u);
    r = fma(r, t, -1.06777877e-1);
    r = fma(r, t, -6.34846687e-1);
    r = fma(r, t, -1.28717512e-1);
    r = fma(r, t, -t);
    let magnitude = 1.0 - exp(r);
    return select(magnitude, -magnitude, x < 0.0);
  }
  var r = -5.96761703e-4;
  r = fma(r, s, 4.99119423e-3);
  r = fma(r, s, -2.67681349e-2);
  r = fma(r, s, 1.12819925e-1);
  r = fma(r, s, -3.76125336e-1);
  r = fma(r, s, 1.28379166e-1);
  return fma(r, x, x);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = up[i];
  hidden[i] = 0.5 * t0 * (1.0 + erf_f32(t0 * 0.70710677));
}
