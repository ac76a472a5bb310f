// gathered_sum_pick_grad
// weight_grad[batch 8, time 128, h 2, k 6], pick[batch 8, time 128, h 2, k 6], key[h 2, half 2, n 32, e 32] -> pick_grad[batch 8, time 128, h 2, e 32]
// Implements layers.{0..3}.ffn.pick~grad.
// Work: 786 kFLOP, 377 kB moved.

@group(0) @binding(0) var<storage, read> weight_grad: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(2) var<storage, read> key: array<f32, 4096>;
@group(0) @binding(3) var<storage, read_write> pick_grad: array<f32, 65536>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let h = (position >> 5u) & 1;
  let batch_time = position >> 6u;
  var sum0 = 0.0;
  for (var k = 0; k < 6; k++) {
    sum0 += weight_grad[batch_time * 12 + h * 6 + k] * key[h * 2048 + (pick[batch_time * 12 + h * 6 + k] & 31) * 32 + e + 1024];
  }
  pick_grad[batch_time * 64 + h * 32 + e] = sum0;
}
