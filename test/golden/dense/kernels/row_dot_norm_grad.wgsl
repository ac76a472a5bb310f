// row_dot_norm_grad
// up_grad[batch 8, time 128, d 128], norm[batch 8, time 128, d 128], norm_2[batch 8, time 128], normed_grad[batch 8, time 128, d 128], attention[batch 8, time 128, d 128], gain[d 128] -> norm_grad[batch 8, time 128, d 128]
// Implements layers.{0..3}.ffn.norm~grad, layers.{1..3}.attention.norm~grad.
// Work: 1.7 MFLOP, 2.63 MB moved.

@group(0) @binding(0) var<storage, read> up_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> norm: array<f32, 131072>;
@group(0) @binding(2) var<storage, read> norm_2: array<f32, 1024>;
@group(0) @binding(3) var<storage, read> normed_grad: array<f32, 131072>;
@group(0) @binding(4) var<storage, read> attention: array<f32, 131072>;
@group(0) @binding(5) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(6) var<storage, read_write> norm_grad: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = norm_2[i];
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    let up_grad_value = up_grad[i * 128 + d];
    sum0 += up_grad_value * (norm[i * 128 + d] / t0);
  }
  let t1 = -sum0 * (0.5 / t0) / 128.0;
  for (var d_2 = 0; d_2 < 128; d_2++) {
    let t2 = t1 * attention[i * 128 + d_2];
    let up_grad_value_2 = up_grad[i * 128 + d_2];
    norm_grad[i * 128 + d_2] = normed_grad[i * 128 + d_2] + t2 + t2 + up_grad_value_2 / t0 * gain[d_2];
  }
}
