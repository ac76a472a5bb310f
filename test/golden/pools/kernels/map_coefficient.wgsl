// map_coefficient
// inner[batch 8, time 128, o 2, h 2, k 3], opened[batch 8, time 128, o 2], route[batch 8, time 128, pool 8] -> coefficient[batch 8, time 128, o 2, h 2, k 3]
// Implements layers.{0..3}.ffn.coefficient.
// Work: 12.3 kFLOP, 139 kB moved.

@group(0) @binding(0) var<storage, read> inner: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(2) var<storage, read> route: array<f32, 8192>;
@group(0) @binding(3) var<storage, read_write> coefficient: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let h_k = position % 6;
  let o = (position / 6) & 1;
  let batch_time = position / 12;
  coefficient[batch_time * 12 + o * 6 + h_k] = inner[batch_time * 12 + o * 6 + h_k] * route[batch_time * 8 + opened[batch_time * 2 + o]];
}
