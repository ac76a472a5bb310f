// map_gain_3
// scalars[n 9], m[d 128], norm_grad[d 128], v[d 128] -> gain[d 128], gain_2[d 128]
// Implements optimizer.layers.{0..3}.ffn.norm.gain, optimizer.layers.{1..3}.attention.norm.gain, optimizer.lm_head.normed.gain.
// Work: 2.69 kFLOP, 2.6 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 9>;
@group(0) @binding(1) var<storage, read> m: array<f32, 128>;
@group(0) @binding(2) var<storage, read> norm_grad: array<f32, 128>;
@group(0) @binding(3) var<storage, read_write> gain: array<f32, 128>;
@group(0) @binding(4) var<storage, read> v: array<f32, 128>;
@group(0) @binding(5) var<storage, read_write> gain_2: array<f32, 128>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let d = i32(group.x) * 64 + i32(lane_index);
  let t0 = select(-1.0, min(1.0, 1.0 / (scalars[7] + 0.000001)), scalars[6] != 0.0);
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = m[d];
  let t3 = norm_grad[d] * t0;
  gain[d] = select(t2, t2 * 0.9 + t3 * 0.1, t1 != 0.0);
  let t4 = v[d];
  gain_2[d] = select(t4, t4 * 0.95 + t3 * t3 * 0.05, t1 != 0.0);
}
