// placed_sum_opened_grad
// opened[batch 8, time 128, o 2], coefficient_grad[batch 8, time 128, o 2] -> opened_grad[batch 8, time 128, pool 8]
// Implements layers.{0..3}.ffn.opened~grad.
// Work: 49.2 kFLOP, 49.2 kB moved.

@group(0) @binding(0) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(1) var<storage, read> coefficient_grad: array<f32, 2048>;
@group(0) @binding(2) var<storage, read_write> opened_grad: array<f32, 8192>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let pool = position & 7;
  let batch_time = position >> 3u;
  var sum0 = 0.0;
  for (var o = 0; o < 2; o++) {
    sum0 += select(0.0, coefficient_grad[batch_time * 2 + o], opened[batch_time * 2 + o] == pool);
  }
  opened_grad[batch_time * 8 + pool] = sum0;
}
