// update_w
// scalars[n 11], w[d 128, h 4, e 32], m[d 128, h 4, e 32], q_grad[d 128, h 4, e 32], v[d 128, h 4, e 32] -> w[d 128, h 4, e 32], m[d 128, h 4, e 32], v[d 128, h 4, e 32]
// Work: 524 kFLOP, 262 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 11>;
@group(0) @binding(1) var<storage, read_write> w: array<f32, 16384>;
@group(0) @binding(2) var<storage, read_write> m: array<f32, 16384>;
@group(0) @binding(3) var<storage, read> q_grad: array<f32, 16384>;
@group(0) @binding(4) var<storage, read_write> v: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = scalars[7];
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = w[i];
  let t3 = m[i];
  let t4 = q_grad[i] * t0;
  let t5 = t3 * 0.9 + t4 * 0.1;
  let t6 = v[i];
  let t7 = t6 * 0.95 + t4 * t4 * 0.05;
  let t8 = select(t2, t2 * (1.0 - scalars[2] * 0.1) - scalars[8] * (t5 / (sqrt(t7) / scalars[9] + 1e-8)), t1 != 0.0);
  let t9 = select(t3, t5, t1 != 0.0);
  let t10 = select(t6, t7, t1 != 0.0);
  w[i] = t8;
  m[i] = t9;
  v[i] = t10;
}
