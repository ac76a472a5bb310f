// row_sum_optimizer
// optimizer[chunk 1024], bad_step[], scalars[n 10] -> grad_norm[], scalars[n 10], bad_step_2[]
// Implements optimizer.
// Work: 1.04 kFLOP, 4.11 kB moved.

@group(0) @binding(0) var<storage, read> optimizer: array<f32, 1024>;
@group(0) @binding(1) var<storage, read_write> grad_norm: array<f32, 1>;
@group(0) @binding(2) var<storage, read> bad_step: array<f32, 1>;
@group(0) @binding(3) var<storage, read_write> scalars: array<f32, 10>;
@group(0) @binding(4) var<storage, read_write> bad_step_2: array<f32, 1>;

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
  let t1 = bad_step[0];
  let t2 = select(0.0, 1.0, t1 == 0.0);
  let t3 = is_finite_f32(t0);
  let t4 = select(t1, select(scalars[0], 0.0, t3 != 0.0), t2 != 0.0);
  let t5 = select(-1.0, min(1.0, 1.0 / (t0 + 0.000001)), (t3 * t2) != 0.0);
  if (lane == 0) {
    grad_norm[0] = t0;
  }
  if (lane == 0) {
    bad_step_2[0] = t4;
  }
  storageBarrier();
  if (lane == 0) {
    scalars[6] = t5;
  }
}
