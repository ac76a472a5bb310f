// gathered_dot_nll
// ffn[batch 8, time 128, d 128], gain[d 128], targets[batch 8, time 128], table[v 256, d 128] -> normed[batch 8, time 128], normed_2[batch 8, time 128, d 128], nll[batch 8, time 128]
// Implements lm_head.normed, loss.ce.nll.
// Work: 2.36 MFLOP, 1.19 MB moved.

@group(0) @binding(0) var<storage, read> ffn: array<f32, 131072>;
@group(0) @binding(1) var<storage, read_write> normed: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(3) var<storage, read_write> normed_2: array<f32, 131072>;
@group(0) @binding(4) var<storage, read> targets: array<i32, 1024>;
@group(0) @binding(5) var<storage, read> table: array<f32, 32768>;
@group(0) @binding(6) var<storage, read_write> nll: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    let ffn_value = ffn[i * 128 + d];
    let t0 = ffn_value;
    sum0 += t0 * t0;
  }
  let t1 = sqrt(sum0 / 128.0 + 0.00001);
  normed[i] = t1;
  for (var d_2 = 0; d_2 < 128; d_2++) {
    let ffn_value_2 = ffn[i * 128 + d_2];
    let quotient = ffn_value_2 * gain[d_2] / t1;
    normed_2[i * 128 + d_2] = quotient;
  }
  let t2 = targets[i];
  let t3 = select(0.0, 1.0, 0 <= t2) * select(0.0, 1.0, t2 < 256);
  let t4 = max(min(t2, 255), 0);
  var sum1 = 0.0;
  for (var d_3 = 0; d_3 < 128; d_3++) {
    let ffn_value_3 = ffn[i * 128 + d_3];
    let quotient_2 = ffn_value_3 * gain[d_3] / t1;
    sum1 += quotient_2 * select(0.0, table[t4 * 128 + d_3], t3 != 0.0);
  }
  nll[i] = sum1;
}
