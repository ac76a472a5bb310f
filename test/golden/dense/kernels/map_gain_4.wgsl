// map_gain_4
// scalars[n 6], v[d 128], norm_grad[d 128] -> gain[d 128]
// Implements optimizer.layers.{0..3}.ffn.norm.gain, optimizer.layers.{1..3}.attention.norm.gain, optimizer.lm_head.normed.gain.
// Work: 1.41 kFLOP, 1.56 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 6>;
@group(0) @binding(1) var<storage, read> v: array<f32, 128>;
@group(0) @binding(2) var<storage, read> norm_grad: array<f32, 128>;
@group(0) @binding(3) var<storage, read_write> gain: array<f32, 128>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let d = i32(group.x) * 64 + i32(lane_index);
  let t0 = select(-1.0, min(1.0, 1.0 / (scalars[5] + 0.000001)), scalars[4] != 0.0);
  let t1 = v[d];
  let t2 = norm_grad[d] * t0;
  gain[d] = select(t1, t1 * 0.95 + t2 * t2 * 0.05, 0.0 <= t0);
}
