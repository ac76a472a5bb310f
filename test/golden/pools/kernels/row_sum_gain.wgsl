// row_sum_gain
// optimizer[chunk 1024], scalars[n 10], bad_step[], m[d 128], norm_grad[d 128] -> scalars[n 10], bad_step_2[], gain[d 128]
// Implements optimizer, optimizer.layers.0.attention.norm.gain.
// Work: 2.83 kFLOP, 5.64 kB moved.

@group(0) @binding(0) var<storage, read> optimizer: array<f32, 1024>;
@group(0) @binding(1) var<storage, read_write> scalars: array<f32, 10>;
@group(0) @binding(2) var<storage, read> bad_step: array<f32, 1>;
@group(0) @binding(3) var<storage, read_write> bad_step_2: array<f32, 1>;
@group(0) @binding(4) var<storage, read> m: array<f32, 128>;
@group(0) @binding(5) var<storage, read> norm_grad: array<f32, 128>;
@group(0) @binding(6) var<storage, read_write> gain: array<f32, 128>;

var<workgroup> sum0_of_lane: array<f32, 64>;

// 1 for finite, 0 for NaN and infinities; by bits, so that fast-math cannot assume it away.
fn is_finite_f32(x: f32) -> f32 {
  return select(0.0, 1.0, (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let row = i32(group.x);
  var own_sum0 = 0.0;
  for (var chunk = lane; chunk < 1024; chunk += 64) {
    own_sum0 += optimizer[chunk];
  }
  sum0_of_lane[lane] = own_sum0;
  workgroupBarrier();
  var sum0 = sum0_of_lane[0];
  for (var i = 1; i < 64; i++) { sum0 += sum0_of_lane[i]; }
  let t0 = sqrt(sum0);
  let t1 = is_finite_f32(t0);
  let t2 = bad_step[0];
  let t3 = select(0.0, 1.0, t2 == 0.0);
  let t4 = t1 * t3;
  let t5 = select(t2, select(scalars[1], 0.0, t1 != 0.0), t3 != 0.0);
  let t6 = select(-1.0, min(1.0, 1.0 / (t0 + 0.000001)), t4 != 0.0);
  let t7 = select(0.0, 1.0, 0.0 <= t6);
  for (var d = lane; d < 128; d += 64) {
    let t8 = m[d];
    gain[d] = select(t8, t8 * 0.9 + norm_grad[d] * t6 * 0.1, t7 != 0.0);
  }
  storageBarrier();
  if (lane == 0) {
    scalars[8] = t0;
  }
  storageBarrier();
  if (lane == 0) {
    scalars[7] = t4;
  }
  if (lane == 0) {
    bad_step_2[0] = t5;
  }
}
