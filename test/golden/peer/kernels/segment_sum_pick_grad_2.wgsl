// segment_sum_pick_grad_2
// segments[n 131], order[n 12288], weight_grad[batch 8, time 128, h 2, k 6], q[batch 8, time 128, h 2, half 2, e 32] -> pick_grad[h 2, n 32, e 32]
// Implements layers.{0..3}.ffn.pick~grad.
// Work: 786 kFLOP, 631 kB moved.

@group(0) @binding(0) var<storage, read> segments: array<i32, 131>;
@group(0) @binding(1) var<storage, read> order: array<i32, 12288>;
@group(0) @binding(2) var<storage, read> weight_grad: array<f32, 12288>;
@group(0) @binding(3) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(4) var<storage, read_write> pick_grad: array<f32, 2048>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let end = segments[0] * 32;
  for (var position = i32(group.x) * 64 + i32(lane_index); position < end; position += 2048) {
    let e = position & 31;
    let row = position >> 5u;
    let row_number = segments[row * 2 + 1];
    var sum0 = 0.0;
    for (var p = segments[row * 2 + 2]; p < segments[row * 2 + 4]; p++) {
      let entry = order[p];
      sum0 += weight_grad[entry] * q[entry / 6 * 64 + e];
    }
    pick_grad[row_number * 32 + e] = sum0;
  }
}
