// map_first_grad_2
// mixed_grad[batch 8, time 128, h 4, e 32], first[time 128, f 16], first_2[time 128, f 16] -> first_grad[batch 8, time 128, h 4, part 2, f 16]
// Implements layers.{0..3}.attention.q.first~grad.
// Work: 1.57 MFLOP, 1.06 MB moved.

@group(0) @binding(0) var<storage, read> mixed_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> first: array<f32, 2048>;
@group(0) @binding(2) var<storage, read> first_2: array<f32, 2048>;
@group(0) @binding(3) var<storage, read_write> first_grad: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let f = position & 15;
  let part = (position >> 4u) & 1;
  let h = (position >> 5u) & 3;
  let time = (position >> 7u) & 127;
  let batch = position >> 14u;
  let t0 = mixed_grad[batch * 16384 + time * 128 + h * 32 + f + 16];
  let t1 = first[time * 16 + f];
  let t2 = mixed_grad[batch * 16384 + time * 128 + h * 32 + f];
  let t3 = first_2[time * 16 + f];
  first_grad[batch * 16384 + time * 128 + h * 32 + part * 16 + f] = select(0.0, t0 * t1 + -t2 * t3, 1 <= part) + select(0.0, t0 * t3 + t2 * t1, part < 1);
}
