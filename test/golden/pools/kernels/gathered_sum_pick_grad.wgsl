// gathered_sum_pick_grad
// inner_grad[batch 8, time 128, o 2, h 2, k 3], opened[batch 8, time 128, o 2], pick[batch 8, time 128, o 2, h 2, k 3], key[pool 8, h 2, half 2, n 32, e 32] -> pick_grad[batch 8, time 128, h 2, e 32]
// Implements layers.{0..3}.ffn.pick~grad.
// Work: 786 kFLOP, 500 kB moved.

@group(0) @binding(0) var<storage, read> inner_grad: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(2) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(3) var<storage, read> key: array<f32, 32768>;
@group(0) @binding(4) var<storage, read_write> pick_grad: array<f32, 65536>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let e = position & 31;
  let h = (position >> 5u) & 1;
  let batch_time = position >> 6u;
  var sum0 = 0.0;
  for (var o = 0; o < 2; o++) {
    let opened_offset = opened[batch_time * 2 + o] * 4096 + h * 2048;
    for (var k = 0; k < 3; k++) {
      sum0 += inner_grad[batch_time * 12 + o * 6 + h * 3 + k] * key[opened_offset + (pick[batch_time * 12 + o * 6 + h * 3 + k] & 31) * 32 + e + 1024];
    }
  }
  pick_grad[batch_time * 64 + h * 32 + e] = sum0;
}
