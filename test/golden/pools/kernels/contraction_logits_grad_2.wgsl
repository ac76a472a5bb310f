// contraction_logits_grad_2
// route_grad[batch 8, time 128, pool 8], w[d 128, pool 8], activation_grad[batch 8, time 128, d 128], flat_grad[batch 8, time 128, d 128] -> logits_grad[batch 8, time 128, d 128]
// batch 1, m 1024, n 128, k 8
// Implements layers.{0..3}.ffn.logits~grad.
// Work: 2.1 MFLOP, 1.61 MB moved.

@group(0) @binding(0) var<storage, read> route_grad: array<f32, 8192>;
@group(0) @binding(1) var<storage, read> w: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> activation_grad: array<f32, 131072>;
@group(0) @binding(3) var<storage, read> flat_grad: array<f32, 131072>;
@group(0) @binding(4) var<storage, read_write> logits_grad: array<f32, 131072>;

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
  for (var k = 0; k < 8; k++) {
    let b = vec4f(w[n_0 * 8 + k], w[n_1 * 8 + k], w[n_2 * 8 + k], w[n_3 * 8 + k]);
    sum_0 += route_grad[m_0 * 8 + k] * b;
    sum_1 += route_grad[m_1 * 8 + k] * b;
    sum_2 += route_grad[m_2 * 8 + k] * b;
    sum_3 += route_grad[m_3 * 8 + k] * b;
    sum_4 += route_grad[m_4 * 8 + k] * b;
    sum_5 += route_grad[m_5 * 8 + k] * b;
    sum_6 += route_grad[m_6 * 8 + k] * b;
    sum_7 += route_grad[m_7 * 8 + k] * b;
  }
  var sums = array<vec4f, 8>(sum_0, sum_1, sum_2, sum_3, sum_4, sum_5, sum_6, sum_7);
  for (var i = 0; i < 8; i++) {
    let m = first_m + i;
    for (var j = 0; j < 4; j++) {
      let n = first_n + j * 32;
      let acc = sums[i][j];
      logits_grad[m * 128 + n] = activation_grad[m * 128 + n] + flat_grad[m * 128 + n] + acc;
    }
  }
}
