// contraction_score_2
// q[batch 1, time 128, h 2, half 2, e 32], key[h 2, half 2, n 32, e 32] -> score[batch 1, time 128, h 2, half 2, n 32]
// batch 4, m 128, n 32, k 32
// Implements layers.{0..3}.ffn.pick.score.
// Work: 1.05 MFLOP, 147 kB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 16384>;
@group(0) @binding(1) var<storage, read> key: array<f32, 4096>;
@group(0) @binding(2) var<storage, read_write> score: array<f32, 16384>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let batch = i32(group.z);
  let first_n = i32(group.x) * 32 + i32(lane_index);
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
  let n_1 = first_n + 8;
  let n_2 = first_n + 16;
  let n_3 = first_n + 24;
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  var sum_4 = vec4f();
  var sum_5 = vec4f();
  var sum_6 = vec4f();
  var sum_7 = vec4f();
  for (var k = 0; k < 32; k++) {
    let b = vec4f(key[batch * 1024 + n_0 * 32 + k], key[batch * 1024 + n_1 * 32 + k], key[batch * 1024 + n_2 * 32 + k], key[batch * 1024 + n_3 * 32 + k]);
    sum_0 += q[m_0 * 128 + batch * 32 + k] * b;
    sum_1 += q[m_1 * 128 + batch * 32 + k] * b;
    sum_2 += q[m_2 * 128 + batch * 32 + k] * b;
    sum_3 += q[m_3 * 128 + batch * 32 + k] * b;
    sum_4 += q[m_4 * 128 + batch * 32 + k] * b;
    sum_5 += q[m_5 * 128 + batch * 32 + k] * b;
    sum_6 += q[m_6 * 128 + batch * 32 + k] * b;
    sum_7 += q[m_7 * 128 + batch * 32 + k] * b;
  }
  var sums = array<vec4f, 8>(sum_0, sum_1, sum_2, sum_3, sum_4, sum_5, sum_6, sum_7);
  for (var i = 0; i < 8; i++) {
    let m = first_m + i;
    for (var j = 0; j < 4; j++) {
      let n = first_n + j * 8;
      let acc = sums[i][j];
      score[m * 128 + batch * 32 + n] = acc;
    }
  }
}
