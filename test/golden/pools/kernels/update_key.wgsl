// update_key
// scalars[n 11], key[pool 8, h 2, half 2, n 32, e 32], m[pool 8, h 2, half 2, n 32, e 32], pick_grad[pool 8, h 2, n 32, e 32], pick_grad_2[pool 8, h 2, n 32, e 32], v[pool 8, h 2, half 2, n 32, e 32] -> key[pool 8, h 2, half 2, n 32, e 32], m[pool 8, h 2, half 2, n 32, e 32], v[pool 8, h 2, half 2, n 32, e 32]
// Work: 1.54 MFLOP, 524 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 11>;
@group(0) @binding(1) var<storage, read_write> key: array<f32, 32768>;
@group(0) @binding(2) var<storage, read_write> m: array<f32, 32768>;
@group(0) @binding(3) var<storage, read> pick_grad: array<f32, 16384>;
@group(0) @binding(4) var<storage, read> pick_grad_2: array<f32, 16384>;
@group(0) @binding(5) var<storage, read_write> v: array<f32, 32768>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let n_e = position & 1023;
  let half = (position >> 10u) & 1;
  let pool_h = position >> 11u;
  let t0 = scalars[7];
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = key[pool_h * 2048 + half * 1024 + n_e];
  let t3 = m[pool_h * 2048 + half * 1024 + n_e];
  let t4 = (select(0.0, pick_grad[pool_h * 1024 + n_e], 1 <= half) + select(0.0, pick_grad_2[pool_h * 1024 + n_e], half < 1)) * t0;
  let t5 = t3 * 0.9 + t4 * 0.1;
  let t6 = v[pool_h * 2048 + half * 1024 + n_e];
  let t7 = t6 * 0.95 + t4 * t4 * 0.05;
  let t8 = select(t2, t2 * (1.0 - scalars[2] * 0.1) - scalars[8] * (t5 / (sqrt(t7) / scalars[9] + 1e-8)), t1 != 0.0);
  let t9 = select(t3, t5, t1 != 0.0);
  let t10 = select(t6, t7, t1 != 0.0);
  key[pool_h * 2048 + half * 1024 + n_e] = t8;
  m[pool_h * 2048 + half * 1024 + n_e] = t9;
  v[pool_h * 2048 + half * 1024 + n_e] = t10;
}
