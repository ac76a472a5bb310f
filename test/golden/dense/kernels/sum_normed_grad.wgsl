// sum_normed_grad
// normed_grad[batch 8, time 128, d 128] -> normed_grad_2[chunk 32, d 128]
// Implements layers.{0..3}.attention.norm~grad, layers.{0..3}.ffn.norm~grad, lm_head.normed~grad.
// Work: 131 kFLOP, 541 kB moved.

@group(0) @binding(0) var<storage, read> normed_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read_write> normed_grad_2: array<f32, 4096>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let chunk = position >> 7u;
  var sum0 = 0.0;
  for (var within = 0; within < 32; within++) {
    sum0 += normed_grad[chunk * 4096 + within * 128 + d];
  }
  normed_grad_2[chunk * 128 + d] = sum0;
}
