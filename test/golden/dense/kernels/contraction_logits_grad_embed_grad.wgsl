// contraction_logits_grad_embed_grad
// nll_grad[batch 8, time 128, v 256], normed[batch 8, time 128, d 128], nll_grad_2[v 256, d 128], embed_grad[v 256, d 128] -> embed_grad_2[v 256, d 128]
// batch 1, m 256, n 128, k 1024
// Implements embed~grad, lm_head.logits~grad, lm_head~grad.
// Work: 67.1 MFLOP, 1.97 MB moved.

@group(0) @binding(0) var<storage, read> nll_grad: array<f32, 262144>;
@group(0) @binding(1) var<storage, read> normed: array<f32, 131072>;
@group(0) @binding(2) var<storage, read> nll_grad_2: array<f32, 32768>;
@group(0) @binding(3) var<storage, read> embed_grad: array<f32, 32768>;
@group(0) @binding(4) var<storage, read_write> embed_grad_2: array<f32, 32768>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let batch = i32(group.z);
  let first_n = i32(group.x) * 128 + i32(lane_index);
  let first_m = i32(group.y) * 8;
  let m_0 = first_m;
  let m_1 = first_m + 1;
  let m_2 = first_m + 2;
  let m_3 = first_m + 3;
  let m_4 = first_m + 4;
  let m_5 = first_m + 5;
  let m_6 = first_m + 6;
  let m_7 = first_m + 7;
  let n_0 = first_n;
  let n_1 = first_n + 32;
  let n_2 = first_n + 64;
  let n_3 = first_n + 96;
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  var sum_4 = vec4f();
  var sum_5 = vec4f();
  var sum_6 = vec4f();
  var sum_7 = vec4f();
  for (var k = 0; k < 1024; k++) {
    let b = vec4f(normed[k * 128 + n_0], normed[k * 128 + n_1], normed[k * 128 + n_2], normed[k * 128 + n_3]);
    sum_0 += nll_grad[k * 256 + m_0] * b;
    sum_1 += nll_grad[k * 256 + m_1] * b;
    sum_2 += nll_grad[k * 256 + m_2] * b;
    sum_3 += nll_grad[k * 256 + m_3] * b;
    sum_4 += nll_grad[k * 256 + m_4] * b;
    sum_5 += nll_grad[k * 256 + m_5] * b;
    sum_6 += nll_grad[k * 256 + m_6] * b;
    sum_7 += nll_grad[k * 256 + m_7] * b;
  }
  var sums = array<vec4f, 8>(sum_0, sum_1, sum_2, sum_3, sum_4, sum_5, sum_6, sum_7);
  for (var i = 0; i < 8; i++) {
    let m = first_m + i;
    for (var j = 0; j < 4; j++) {
      let n = first_n + j * 32;
      let acc = sums[i][j];
      embed_grad_2[m * 128 + n] = nll_grad_2[m * 128 + n] + acc + embed_grad[m * 128 + n];
    }
  }
}
