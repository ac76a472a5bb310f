// sum_normed_grad
// logits_grad[batch 8, time 128, d 128], normed[batch 8, time 128], ffn[batch 8, time 128, d 128] -> normed_grad[chunk 32, d 128]
// Implements layers.{0..3}.ffn.norm~grad, layers.{1..3}.attention.norm~grad, lm_head.normed~grad.
// Work: 393 kFLOP, 1.07 MB moved.

@group(0) @binding(0) var<storage, read> logits_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> normed: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> ffn: array<f32, 131072>;
@group(0) @binding(3) var<storage, read_write> normed_grad: array<f32, 4096>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let chunk = position >> 7u;
  var sum0 = 0.0;
  for (var within = 0; within < 32; within++) {
    sum0 += logits_grad[chunk * 4096 + within * 128 + d] / normed[chunk * 32 + within] * ffn[chunk * 4096 + within * 128 + d];
  }
  normed_grad[chunk * 128 + d] = sum0;
}
