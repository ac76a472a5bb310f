// sum_norm_grad_2
// norm_grad[chunk 32, d 128] -> norm_grad_2[d 128]
// Implements layers.{0..3}.attention.norm~grad, layers.{0..3}.ffn.norm~grad, lm_head.normed~grad.
// Work: 4.1 kFLOP, 16.9 kB moved.

@group(0) @binding(0) var<storage, read> norm_grad: array<f32, 4096>;
@group(0) @binding(1) var<storage, read_write> norm_grad_2: array<f32, 128>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let d = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var chunk = 0; chunk < 32; chunk++) {
    sum0 += norm_grad[chunk * 128 + d];
  }
  norm_grad_2[d] = sum0;
}
