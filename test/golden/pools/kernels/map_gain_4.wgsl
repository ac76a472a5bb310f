// map_gain_4
// scalars[n 10], m[e 32], q_grad[e 32], v[e 32], table[], gain_2[e 32] -> gain[e 32], gain_3[e 32]
// Implements optimizer.layers.{0..3}.ffn.q.gain.
// Work: 1.28 kFLOP, 812 B moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 10>;
@group(0) @binding(1) var<storage, read> m: array<f32, 32>;
@group(0) @binding(2) var<storage, read> q_grad: array<f32, 32>;
@group(0) @binding(3) var<storage, read> v: array<f32, 32>;
@group(0) @binding(4) var<storage, read> table: array<f32, 1>;
@group(0) @binding(5) var<storage, read_write> gain: array<f32, 32>;
@group(0) @binding(6) var<storage, read> gain_2: array<f32, 32>;
@group(0) @binding(7) var<storage, read_write> gain_3: array<f32, 32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let e = i32(group.x) * 64 + i32(lane_index);
  if (e >= 32) { return; }
  let t0 = select(-1.0, min(1.0, 1.0 / (scalars[8] + 0.000001)), scalars[7] != 0.0);
  let t1 = q_grad[e] * t0;
  let t2 = scalars[9] * ((m[e] * 0.9 + t1 * 0.1) / (sqrt(v[e] * 0.95 + t1 * t1 * 0.05) / table[0] + 1e-8));
  gain[e] = t2;
  let t3 = gain_2[e];
  gain_3[e] = select(t3, t3 * (1.0 - scalars[2] * 0.1) - t2, 0.0 <= t0);
}
