// update_w
// scalars[n 9], w[d 128, h 4, e 32], w_2[d 128, h 4, e 32], m[d 128, h 4, e 32], q_grad[d 128, h 4, e 32], v[d 128, h 4, e 32] -> w[d 128, h 4, e 32], m[d 128, h 4, e 32], v[d 128, h 4, e 32]
// Work: 508 kFLOP, 328 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 9>;
@group(0) @binding(1) var<storage, read_write> w: array<f32, 16384>;
@group(0) @binding(2) var<storage, read> w_2: array<f32, 16384>;
@group(0) @binding(3) var<storage, read_write> m: array<f32, 16384>;
@group(0) @binding(4) var<storage, read> q_grad: array<f32, 16384>;
@group(0) @binding(5) var<storage, read_write> v: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = select(-1.0, min(1.0, 1.0 / (scalars[7] + 0.000001)), scalars[6] != 0.0);
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = w[i];
  let t3 = select(t2, t2 * (1.0 - scalars[1] * 0.1) - w_2[i], t1 != 0.0);
  let t4 = m[i];
  let t5 = q_grad[i] * t0;
  let t6 = select(t4, t4 * 0.9 + t5 * 0.1, t1 != 0.0);
  let t7 = v[i];
  let t8 = select(t7, t7 * 0.95 + t5 * t5 * 0.05, t1 != 0.0);
  w[i] = t3;
  m[i] = t6;
  v[i] = t8;
}
