// map_first
// angle[f 16] -> first[time 128, f 16], first_2[time 128, f 16]
// Implements layers.{0..3}.attention.k.first, layers.{0..3}.attention.q.first.
// Work: 12.3 kFLOP, 16.4 kB moved.

@group(0) @binding(0) var<storage, read> angle: array<f32, 16>;
@group(0) @binding(1) var<storage, read_write> first: array<f32, 2048>;
@group(0) @binding(2) var<storage, read_write> first_2: array<f32, 2048>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let f = position & 15;
  let time = position >> 4u;
  let t0 = f32(time) * angle[f];
  first[time * 16 + f] = cos(t0);
  first_2[time * 16 + f] = sin(t0);
}
