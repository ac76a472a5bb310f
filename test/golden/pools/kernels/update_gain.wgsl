// update_gain
// scalars[n 11], gain[d 128], m[d 128], norm_grad[d 128], v[d 128] -> gain[d 128], m[d 128], v[d 128]
// Work: 4.1 kFLOP, 2.09 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 11>;
@group(0) @binding(1) var<storage, read_write> gain: array<f32, 128>;
@group(0) @binding(2) var<storage, read_write> m: array<f32, 128>;
@group(0) @binding(3) var<storage, read> norm_grad: array<f32, 128>;
@group(0) @binding(4) var<storage, read_write> v: array<f32, 128>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let d = i32(group.x) * 64 + i32(lane_index);
  let t0 = scalars[7];
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = gain[d];
  let t3 = m[d];
  let t4 = norm_grad[d] * t0;
  let t5 = t3 * 0.9 + t4 * 0.1;
  let t6 = v[d];
  let t7 = t6 * 0.95 + t4 * t4 * 0.05;
  let t8 = select(t2, t2 * (1.0 - scalars[2] * 0.1) - scalars[8] * (t5 / (sqrt(t7) / scalars[9] + 1e-8)), t1 != 0.0);
  let t9 = select(t3, t5, t1 != 0.0);
  let t10 = select(t6, t7, t1 != 0.0);
  gain[d] = t8;
  m[d] = t9;
  v[d] = t10;
}
