// gathered_dot_activation_3
// norm[batch 8, time 128, d 128], experts[batch 8, time 128, h 2, k 6], read[expert 1024, d 128], weight[batch 8, time 128, h 2, k 6] -> activation[batch 8, time 128, h 2, k 6]
// Implements layers.{0..3}.ffn.activation.
// Work: 3.22 MFLOP, 1.2 MB moved.

@group(0) @binding(0) var<storage, read> norm: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> experts: array<i32, 12288>;
@group(0) @binding(2) var<storage, read> read_2: array<f32, 131072>;
@group(0) @binding(3) var<storage, read> weight: array<f32, 12288>;
@group(0) @binding(4) var<storage, read_write> activation: array<f32, 12288>;

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
  let h_k = position % 12;
  let batch_time = position / 12;
  let t0 = experts[batch_time * 12 + h_k];
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    sum0 += norm[batch_time * 128 + d] * read_2[t0 * 128 + d];
  }
  activation[batch_time * 12 + h_k] = weight[batch_time * 12 + h_k] * (0.5 * sum0 * (1.0 + erf_f32(sum0 * 0.70710677)));
}
