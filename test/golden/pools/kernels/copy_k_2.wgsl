// copy_k_2
// k[batch 1, time 128, g 4, f 16, part 2] -> k_2[batch 1, time 128, g 4, e 32]
// Implements layers.{0..3}.attention.k.
// Work: 0 FLOP, 131 kB moved.

@group(0) @binding(0) var<storage, read> k: array<f32, 16384>;
@group(0) @binding(1) var<storage, read_write> k_2: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let time_g = position >> 5u;
  k_2[time_g * 32 + e] = k[time_g * 32 + (e & 15) * 2 + (e >> 4u)];
}
