// contraction_flat_grad_2
// norm[batch 8, time 128, d 128], q_grad[batch 8, time 128, h 2, half 2, e 32] -> flat_grad[d 128, h 2, half 2, e 32]
// batch 1, m 128, n 128, k 1024
// Implements layers.{0..3}.attention.k~grad, layers.{0..3}.attention.out~grad, layers.{0..3}.attention.q~grad, layers.{0..3}.attention.v~grad, layers.{0..3}.ffn.q.flat~grad.
// Work: 33.6 MFLOP, 1.11 MB moved.

@group(0) @binding(0) var<storage, read> norm: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> q_grad: array<f32, 131072>;
@group(0) @binding(2) var<storage, read_write> flat_grad: array<f32, 16384>;

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
    let b = vec4f(q_grad[k * 128 + n_0], q_grad[k * 128 + n_1], q_grad[k * 128 + n_2], q_grad[k * 128 + n_3]);
    sum_0 += norm[k * 128 + m_0] * b;
    sum_1 += norm[k * 128 + m_1] * b;
    sum_2 += norm[k * 128 + m_2] * b;
    sum_3 += norm[k * 128 + m_3] * b;
    sum_4 += norm[k * 128 + m_4] * b;
    sum_5 += norm[k * 128 + m_5] * b;
    sum_6 += norm[k * 128 + m_6] * b;
    sum_7 += norm[k * 128 + m_7] * b;
  }
  var sums = array<vec4f, 8>(sum_0, sum_1, sum_2, sum_3, sum_4, sum_5, sum_6, sum_7);
  for (var i = 0; i < 8; i++) {
    let m = first_m + i;
    for (var j = 0; j < 4; j++) {
      let n = first_n + j * 32;
      let acc = sums[i][j];
      flat_grad[m * 128 + n] = acc;
    }
  }
}
