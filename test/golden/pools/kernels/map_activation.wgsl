// map_activation
// coefficient[batch 8, time 128, o 2, h 2, k 3], activation[batch 8, time 128, o 2, h 2, k 3] -> activation_2[batch 8, time 128, o 2, h 2, k 3]
// Implements layers.{0..3}.ffn.activation.
// Work: 12.3 kFLOP, 147 kB moved.

@group(0) @binding(0) var<storage, read> coefficient: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> activation: array<f32, 12288>;
@group(0) @binding(2) var<storage, read_write> activation_2: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  activation_2[i] = coefficient[i] * activation[i];
}
