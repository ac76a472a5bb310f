// contraction_logits_grad_3
// norm[batch 8, time 128, d 128], route_grad[batch 8, time 128, pool 8] -> logits_grad[d 128, pool 8]
// batch 1, m 128, n 8, k 1024
// Implements layers.{0..3}.ffn.logits~grad.
// Work: 2.1 MFLOP, 561 kB moved.

@group(0) @binding(0) var<storage, read> norm: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> route_grad: array<f32, 8192>;
@group(0) @binding(2) var<storage, read_write> logits_grad: array<f32, 1024>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let batch = i32(group.z);
  let first_m = i32(group.x) * 128 + i32(lane_index);
  let first_n = i32(group.y) * 8;
  let n_0 = first_n;
  let n_1 = first_n + 1;
  let n_2 = first_n + 2;
  let n_3 = first_n + 3;
  let n_4 = first_n + 4;
  let n_5 = first_n + 5;
  let n_6 = first_n + 6;
  let n_7 = first_n + 7;
  let m_0 = first_m;
  let m_1 = first_m + 32;
  let m_2 = first_m + 64;
  let m_3 = first_m + 96;
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  var sum_4 = vec4f();
  var sum_5 = vec4f();
  var sum_6 = vec4f();
  var sum_7 = vec4f();
  for (var k = 0; k < 1024; k++) {
    let a = vec4f(norm[k * 128 + m_0], norm[k * 128 + m_1], norm[k * 128 + m_2], norm[k * 128 + m_3]);
    sum_0 += route_grad[k * 8 + n_0] * a;
    sum_1 += route_grad[k * 8 + n_1] * a;
    sum_2 += route_grad[k * 8 + n_2] * a;
    sum_3 += route_grad[k * 8 + n_3] * a;
    sum_4 += route_grad[k * 8 + n_4] * a;
    sum_5 += route_grad[k * 8 + n_5] * a;
    sum_6 += route_grad[k * 8 + n_6] * a;
    sum_7 += route_grad[k * 8 + n_7] * a;
  }
  var sums = array<vec4f, 8>(sum_0, sum_1, sum_2, sum_3, sum_4, sum_5, sum_6, sum_7);
  for (var i = 0; i < 8; i++) {
    let n = first_n + i;
    for (var j = 0; j < 4; j++) {
      let m = first_m + j * 32;
      let acc = sums[i][j];
      logits_grad[m * 8 + n] = acc;
    }
  }
}
