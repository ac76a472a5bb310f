// map_nll_grad_2
// logits[batch 8, time 128, v 256], nll[batch 8, time 128], nll_2[batch 8, time 128], ce_grad[batch 8, time 128] -> nll_grad[batch 8, time 128, v 256]
// Implements loss.ce.nll~grad.
// Work: 1.05 MFLOP, 2.11 MB moved.

@group(0) @binding(0) var<storage, read> logits: array<f32, 262144>;
@group(0) @binding(1) var<storage, read> nll: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> nll_2: array<f32, 1024>;
@group(0) @binding(3) var<storage, read> ce_grad: array<f32, 1024>;
@group(0) @binding(4) var<storage, read_write> nll_grad: array<f32, 262144>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let v = position & 255;
  let batch_time = position >> 8u;
  nll_grad[batch_time * 256 + v] = exp(logits[batch_time * 256 + v] - nll[batch_time]) / nll_2[batch_time] * ce_grad[batch_time];
}
