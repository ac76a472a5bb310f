// update_gain
// gain[d 128], gain_3[d 128], gain_4[d 128] -> gain_2[d 128], m[d 128], v[d 128]
// Work: 0 FLOP, 3.07 kB moved.

@group(0) @binding(0) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(1) var<storage, read_write> gain_2: array<f32, 128>;
@group(0) @binding(2) var<storage, read> gain_3: array<f32, 128>;
@group(0) @binding(3) var<storage, read_write> m: array<f32, 128>;
@group(0) @binding(4) var<storage, read> gain_4: array<f32, 128>;
@group(0) @binding(5) var<storage, read_write> v: array<f32, 128>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let d = i32(group.x) * 64 + i32(lane_index);
  gain_2[d] = gain[d];
  m[d] = gain_3[d];
  v[d] = gain_4[d];
}
