// gathered_dot_activation_3
// norm[batch 1, time 128, d 128], opened[batch 1, time 128, o 2], pick[batch 1, time 128, o 2, h 2, k 3], read[pool 8, expert 1024, d 128], coefficient[batch 1, time 128, o 2, h 2, k 3] -> activation[batch 1, time 128, o 2, h 2, k 3]
// Implements layers.{0..3}.ffn.activation.
// Work: 402 kFLOP, 871 kB moved.

@group(0) @binding(0) var<storage, read> norm: array<f32, 16384>;
@group(0) @binding(1) var<storage, read> opened: array<i32, 256>;
@group(0) @binding(2) var<storage, read> pick: array<i32, 1536>;
@group(0) @binding(3) var<storage, read> read_2: array<f32, 1048576>;
@group(0) @binding(4) var<storage, read> coefficient: array<f32, 1536>;
@group(0) @binding(5) var<storage, read_write> activation: array<f32, 1536>;

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
  let position = i32(group.x) * 64 + i32(lane_index);
  let h_k = position % 6;
  let o = (position / 6) & 1;
  let time = position / 12;
  let t0 = opened[time * 2 + o];
  let t1 = pick[time * 12 + o * 6 + h_k];
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    sum0 += norm[time * 128 + d] * read_2[t0 * 131072 + t1 * 128 + d];
  }
  activation[time * 12 + o * 6 + h_k] = coefficient[time * 12 + o * 6 + h_k] * (0.5 * sum0 * (1.0 + erf_f32(sum0 * 0.70710677)));
}
