// update_key
// scalars[n 9], key[h 2, half 2, n 32, e 32], key_2[h 2, half 2, n 32, e 32], m[h 2, half 2, n 32, e 32], pick_grad[h 2, n 32, e 32], pick_grad_2[h 2, n 32, e 32], v[h 2, half 2, n 32, e 32] -> key[h 2, half 2, n 32, e 32], m[h 2, half 2, n 32, e 32], v[h 2, half 2, n 32, e 32]
// Work: 172 kFLOP, 82 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 9>;
@group(0) @binding(1) var<storage, read_write> key: array<f32, 4096>;
@group(0) @binding(2) var<storage, read> key_2: array<f32, 4096>;
@group(0) @binding(3) var<storage, read_write> m: array<f32, 4096>;
@group(0) @binding(4) var<storage, read> pick_grad: array<f32, 2048>;
@group(0) @binding(5) var<storage, read> pick_grad_2: array<f32, 2048>;
@group(0) @binding(6) var<storage, read_write> v: array<f32, 4096>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let n_e = position & 1023;
  let half = (position >> 10u) & 1;
  let h = position >> 11u;
  let t0 = select(-1.0, min(1.0, 1.0 / (scalars[7] + 0.000001)), scalars[6] != 0.0);
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = key[h * 2048 + half * 1024 + n_e];
  let t3 = select(t2, t2 * (1.0 - scalars[1] * 0.1) - scalars[8] * key_2[h * 2048 + half * 1024 + n_e], t1 != 0.0);
  let t4 = m[h * 2048 + half * 1024 + n_e];
  let t5 = (select(0.0, pick_grad[h * 1024 + n_e], 1 <= half) + select(0.0, pick_grad_2[h * 1024 + n_e], half < 1)) * t0;
  let t6 = select(t4, t4 * 0.9 + t5 * 0.1, t1 != 0.0);
  let t7 = v[h * 2048 + half * 1024 + n_e];
  let t8 = select(t7, t7 * 0.95 + t5 * t5 * 0.05, t1 != 0.0);
  key[h * 2048 + half * 1024 + n_e] = t3;
  m[h * 2048 + half * 1024 + n_e] = t6;
  v[h * 2048 + half * 1024 + n_e] = t8;
}
