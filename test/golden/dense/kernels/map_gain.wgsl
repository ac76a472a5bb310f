// map_gain
// table[], m[d 128], norm_grad[d 128], scalars[n 6], v[d 128], table_2[] -> gain[d 128]
// Implements optimizer.layers.{0..3}.attention.norm.gain, optimizer.layers.{0..3}.ffn.norm.gain, optimizer.lm_head.normed.gain.
// Work: 2.18 kFLOP, 2.08 kB moved.

@group(0) @binding(0) var<storage, read> table: array<f32, 1>;
@group(0) @binding(1) var<storage, read> m: array<f32, 128>;
@group(0) @binding(2) var<storage, read> norm_grad: array<f32, 128>;
@group(0) @binding(3) var<storage, read> scalars: array<f32, 6>;
@group(0) @binding(4) var<storage, read> v: array<f32, 128>;
@group(0) @binding(5) var<storage, read> table_2: array<f32, 1>;
@group(0) @binding(6) var<storage, read_write> gain: array<f32, 128>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let d = i32(group.x) * 64 + i32(lane_index);
  let t0 = norm_grad[d] * select(-1.0, min(1.0, 1.0 / (scalars[5] + 0.000001)), scalars[4] != 0.0);
  gain[d] = table[0] * ((m[d] * 0.9 + t0 * 0.1) / (sqrt(v[d] * 0.95 + t0 * t0 * 0.05) / table_2[0] + 1e-8));
}
