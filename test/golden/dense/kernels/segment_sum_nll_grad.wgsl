// segment_sum_nll_grad
// segments[n 515], order[n 1024], nll_grad[batch 8, time 128], normed[batch 8, time 128, d 128] -> nll_grad_2[v 256, d 128]
// Implements loss.ce.nll~grad.
// Work: 262 kFLOP, 666 kB moved.

@group(0) @binding(0) var<storage, read> segments: array<i32, 515>;
@group(0) @binding(1) var<storage, read> order: array<i32, 1024>;
@group(0) @binding(2) var<storage, read> nll_grad: array<f32, 1024>;
@group(0) @binding(3) var<storage, read> normed: array<f32, 131072>;
@group(0) @binding(4) var<storage, read_write> nll_grad_2: array<f32, 32768>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let end = segments[0] * 128;
  for (var position = i32(group.x) * 64 + i32(lane_index); position < end; position += 32768) {
    let d = position & 127;
    let row = position >> 7u;
    let row_number = segments[row * 2 + 1];
    var sum0 = 0.0;
    for (var p = segments[row * 2 + 2]; p < segments[row * 2 + 4]; p++) {
      let entry = order[p];
      sum0 += nll_grad[entry] * normed[entry * 128 + d];
    }
    nll_grad_2[row_number * 128 + d] = sum0;
  }
}
