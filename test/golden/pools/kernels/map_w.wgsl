// map_w
// scalars[n 10], m[d 128, h 4, e 32], q_grad[d 128, h 4, e 32], v[d 128, h 4, e 32], table[] -> w[d 128, h 4, e 32]
// Implements optimizer.layers.{0..3}.attention.k.w, optimizer.layers.{0..3}.attention.out.w, optimizer.layers.{0..3}.attention.q.w, optimizer.layers.{0..3}.attention.v.w, optimizer.layers.{0..3}.ffn.q.flat.w.
// Work: 279 kFLOP, 262 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 10>;
@group(0) @binding(1) var<storage, read> m: array<f32, 16384>;
@group(0) @binding(2) var<storage, read> q_grad: array<f32, 16384>;
@group(0) @binding(3) var<storage, read> v: array<f32, 16384>;
@group(0) @binding(4) var<storage, read> table: array<f32, 1>;
@group(0) @binding(5) var<storage, read_write> w: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = q_grad[i] * select(-1.0, min(1.0, 1.0 / (scalars[8] + 0.000001)), scalars[7] != 0.0);
  w[i] = scalars[9] * ((m[i] * 0.9 + t0 * 0.1) / (sqrt(v[i] * 0.95 + t0 * t0 * 0.05) / table[0] + 1e-8));
}
