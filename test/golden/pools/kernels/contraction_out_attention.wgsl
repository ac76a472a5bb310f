// contraction_out_attention
// mixed[batch 8, time 128, h 4, e 32], w[h 4, e 32, d 128], tokens[batch 8, time 128], table[v 256, d 128] -> attention[batch 8, time 128, d 128]
// batch 1, m 1024, n 128, k 128
// Implements layers.0.attention, layers.0.attention.out.
// Work: 33.6 MFLOP, 1.25 MB moved.

@group(0) @binding(0) var<storage, read> mixed: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> w: array<f32, 16384>;
@group(0) @binding(2) var<storage, read> tokens: array<i32, 1024>;
@group(0) @binding(3) var<storage, read> table: array<f32, 32768>;
@group(0) @binding(4) var<storage, read_write> attention: array<f32, 131072>;

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
  for (var k = 0; k < 128; k++) {
    let b = vec4f(w[k * 128 + n_0], w[k * 128 + n_1], w[k * 128 + n_2], w[k * 128 + n_3]);
    sum_0 += mixed[m_0 * 128 + k] * b;
    sum_1 += mixed[m_1 * 128 + k] * b;
    sum_2 += mixed[m_2 * 128 + k] * b;
    sum_3 += mixed[m_3 * 128 + k] * b;
    sum_4 += mixed[m_4 * 128 + k] * b;
    sum_5 += mixed[m_5 * 128 + k] * b;
    sum_6 += mixed[m_6 * 128 + k] * b;
    sum_7 += mixed[m_7 * 128 + k] * b;
  }
  var sums = array<vec4f, 8>(sum_0, sum_1, sum_2, sum_3, sum_4, sum_5, sum_6, sum_7);
  for (var i = 0; i < 8; i++) {
    let m = first_m + i;
    for (var j = 0; j < 4; j++) {
      let n = first_n + j * 32;
      let acc = sums[i][j];
      attention[m * 128 + n] = select(0.0, table[max(min(tokens[m], 255), 0) * 128 + n], 0 <= tokens[m] && tokens[m] < 256) + acc;
    }
  }
}
