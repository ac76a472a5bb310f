// row_dot_normed_grad
// logits_grad[batch 8, time 128, d 128], normed[batch 8, time 128, d 128], normed_2[batch 8, time 128], ffn[batch 8, time 128, d 128], gain[d 128] -> normed_grad[batch 8, time 128, d 128]
// Implements lm_head.normed~grad.
// Work: 1.57 MFLOP, 2.1 MB moved.

@group(0) @binding(0) var<storage, read> logits_grad: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> normed: array<f32, 131072>;
@group(0) @binding(2) var<storage, read> normed_2: array<f32, 1024>;
@group(0) @binding(3) var<storage, read> ffn: array<f32, 131072>;
@group(0) @binding(4) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(5) var<storage, read_write> normed_grad: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = normed_2[i];
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    let logits_grad_value = logits_grad[i * 128 + d];
    sum0 += logits_grad_value * (normed[i * 128 + d] / t0);
  }
  let t1 = -sum0 * (0.5 / t0) / 128.0;
  for (var d_2 = 0; d_2 < 128; d_2++) {
    let t2 = t1 * ffn[i * 128 + d_2];
    let logits_grad_value_2 = logits_grad[i * 128 + d_2];
    normed_grad[i * 128 + d_2] = t2 + t2 + logits_grad_value_2 / t0 * gain[d_2];
  }
}
