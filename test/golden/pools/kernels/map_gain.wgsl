// map_gain
// scalars[n 10], m[d 128], norm_grad[d 128], v[d 128], table[], gain_2[d 128] -> gain[d 128], gain_3[d 128]
// Implements optimizer.layers.{0..3}.attention.norm.gain, optimizer.layers.{0..3}.ffn.norm.gain, optimizer.lm_head.normed.gain.
// Work: 5.12 kFLOP, 3.12 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 10>;
@group(0) @binding(1) var<storage, read> m: array<f32, 128>;
@group(0) @binding(2) var<storage, read> norm_grad: array<f32, 128>;
@group(0) @binding(3) var<storage, read> v: array<f32, 128>;
@group(0) @binding(4) var<storage, read> table: array<f32, 1>;
@group(0) @binding(5) var<storage, read_write> gain: array<f32, 128>;
@group(0) @binding(6) var<storage, read> gain_2: array<f32, 128>;
@group(0) @binding(7) var<storage, read_write> gain_3: array<f32, 128>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let d = i32(group.x) * 64 + i32(lane_index);
  let t0 = select(-1.0, min(1.0, 1.0 / (scalars[8] + 0.000001)), scalars[7] != 0.0);
  let t1 = norm_grad[d] * t0;
  let t2 = scalars[9] * ((m[d] * 0.9 + t1 * 0.1) / (sqrt(v[d] * 0.95 + t1 * t1 * 0.05) / table[0] + 1e-8));
  gain[d] = t2;
  let t3 = gain_2[d];
  gain_3[d] = select(t3, t3 * (1.0 - scalars[2] * 0.1) - t2, 0.0 <= t0);
}
