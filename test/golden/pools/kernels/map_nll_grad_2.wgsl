// map_nll_grad_2
// nll_grad[batch 8, time 128], normed[batch 8, time 128, d 128] -> nll_grad_2[batch 8, time 128, d 128]
// Implements loss.ce.nll~grad.
// Work: 131 kFLOP, 1.05 MB moved.

@group(0) @binding(0) var<storage, read> nll_grad: array<f32, 1024>;
@group(0) @binding(1) var<storage, read> normed: array<f32, 131072>;
@group(0) @binding(2) var<storage, read_write> nll_grad_2: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let batch_time = position >> 7u;
  nll_grad_2[batch_time * 128 + d] = nll_grad[batch_time] * normed[batch_time * 128 + d];
}
