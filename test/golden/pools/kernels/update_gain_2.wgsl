// update_gain_2
// gain[e 32], gain_3[e 32], gain_4[e 32] -> gain_2[e 32], m[e 32], v[e 32]
// Work: 0 FLOP, 768 B moved.

@group(0) @binding(0) var<storage, read> gain: array<f32, 32>;
@group(0) @binding(1) var<storage, read_write> gain_2: array<f32, 32>;
@group(0) @binding(2) var<storage, read> gain_3: array<f32, 32>;
@group(0) @binding(3) var<storage, read_write> m: array<f32, 32>;
@group(0) @binding(4) var<storage, read> gain_4: array<f32, 32>;
@group(0) @binding(5) var<storage, read_write> v: array<f32, 32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let e = i32(group.x) * 64 + i32(lane_index);
  if (e >= 32) { return; }
  gain_2[e] = gain[e];
  m[e] = gain_3[e];
  v[e] = gain_4[e];
}
