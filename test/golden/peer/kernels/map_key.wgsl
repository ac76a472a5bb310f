// map_key
// m[h 2, half 2, n 32, e 32], pick_grad[h 2, n 32, e 32], pick_grad_2[h 2, n 32, e 32], scalars[n 9], v[h 2, half 2, n 32, e 32], table[] -> key[h 2, half 2, n 32, e 32]
// Implements optimizer.layers.{0..3}.ffn.pick.key.
// Work: 86 kFLOP, 65.6 kB moved.

@group(0) @binding(0) var<storage, read> m: array<f32, 4096>;
@group(0) @binding(1) var<storage, read> pick_grad: array<f32, 2048>;
@group(0) @binding(2) var<storage, read> pick_grad_2: array<f32, 2048>;
@group(0) @binding(3) var<storage, read> scalars: array<f32, 9>;
@group(0) @binding(4) var<storage, read> v: array<f32, 4096>;
@group(0) @binding(5) var<storage, read> table: array<f32, 1>;
@group(0) @binding(6) var<storage, read_write> key: array<f32, 4096>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let n_e = position & 1023;
  let half = (position >> 10u) & 1;
  let h = position >> 11u;
  let t0 = (select(0.0, pick_grad[h * 1024 + n_e], 1 <= half) + select(0.0, pick_grad_2[h * 1024 + n_e], half < 1)) * select(-1.0, min(1.0, 1.0 / (scalars[7] + 0.000001)), scalars[6] != 0.0);
  key[h * 2048 + half * 1024 + n_e] = (m[h * 2048 + half * 1024 + n_e] * 0.9 + t0 * 0.1) / (sqrt(v[h * 2048 + half * 1024 + n_e] * 0.95 + t0 * t0 * 0.05) / table[0] + 1e-8);
}
