// update_key
// scalars[n 10], key[h 2, half 2, n 32, e 32], m[h 2, half 2, n 32, e 32], pick_grad[h 2, n 32, e 32], pick_grad_2[h 2, n 32, e 32], v[h 2, half 2, n 32, e 32] -> key[h 2, half 2, n 32, e 32], m[h 2, half 2, n 32, e 32], v[h 2, half 2, n 32, e 32]
// Work: 193 kFLOP, 65.6 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 10>;
@group(0) @binding(1) var<storage, read_write> key: array<f32, 4096>;
@group(0) @binding(2) var<storage, read_write> m: array<f32, 4096>;
@group(0) @binding(3) var<storage, read> pick_grad: array<f32, 2048>;
@group(0) @binding(4) var<storage, read> pick_grad_2: array<f32, 2048>;
@group(0) @binding(5) var<storage, read_write> v: array<f32, 4096>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let n_e = position & 1023;
  let half = (position >> 10u) & 1;
  let h = position >> 11u;
  let t0 = scalars[6];
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = key[h * 2048 + half * 1024 + n_e];
  let t3 = m[h * 2048 + half * 1024 + n_e];
  let t4 = (select(0.0, pick_grad[h * 1024 + n_e], 1 <= half) + select(0.0, pick_grad_2[h * 1024 + n_e], half < 1)) * t0;
  let t5 = t3 * 0.9 + t4 * 0.1;
  let t6 = v[h * 2048 + half * 1024 + n_e];
  let t7 = t6 * 0.95 + t4 * t4 * 0.05;
  let t8 = select(t2, t2 * (1.0 - scalars[1] * 0.1) - scalars[7] * (t5 / (sqrt(t7) / scalars[8] + 1e-8)), t1 != 0.0);
  let t9 = select(t3, t5, t1 != 0.0);
  let t10 = select(t6, t7, t1 != 0.0);
  key[h * 2048 + half * 1024 + n_e] = t8;
  m[h * 2048 + half * 1024 + n_e] = t9;
  v[h * 2048 + half * 1024 + n_e] = t10;
}
