// map_gain_2
// scalars[n 6], gain[d 128], gain_2[d 128], v[d 128], norm_grad[d 128] -> gain_3[d 128], gain_4[d 128]
// Implements optimizer.layers.0.attention.norm.gain.
// Work: 2.69 kFLOP, 3.1 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 6>;
@group(0) @binding(1) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(2) var<storage, read> gain_2: array<f32, 128>;
@group(0) @binding(3) var<storage, read_write> gain_3: array<f32, 128>;
@group(0) @binding(4) var<storage, read> v: array<f32, 128>;
@group(0) @binding(5) var<storage, read> norm_grad: array<f32, 128>;
@group(0) @binding(6) var<storage, read_write> gain_4: array<f32, 128>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let d = i32(group.x) * 64 + i32(lane_index);
  let t0 = select(-1.0, min(1.0, 1.0 / (scalars[5] + 0.000001)), scalars[4] != 0.0);
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = gain[d];
  gain_3[d] = select(t2, t2 * (1.0 - scalars[1] * 0.1) - gain_2[d], t1 != 0.0);
  let t3 = v[d];
  let t4 = norm_grad[d] * t0;
  gain_4[d] = select(t3, t3 * 0.95 + t4 * t4 * 0.05, t1 != 0.0);
}
