// row_sum_norm
// tokens[batch 8, time 128], table[v 256, d 128], gain[d 128] -> norm[batch 8, time 128], norm_2[batch 8, time 128, d 128]
// Implements layers.0.attention.norm.
// Work: 1.97 MFLOP, 664 kB moved.

@group(0) @binding(0) var<storage, read> tokens: array<i32, 1024>;
@group(0) @binding(1) var<storage, read> table: array<f32, 32768>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32, 1024>;
@group(0) @binding(3) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(4) var<storage, read_write> norm_2: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = tokens[i];
  let t1 = select(0.0, 1.0, 0 <= t0) * select(0.0, 1.0, t0 < 256);
  let t2 = max(min(t0, 255), 0);
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    let chosen = select(0.0, table[t2 * 128 + d], t1 != 0.0);
    let t3 = chosen;
    sum0 += t3 * t3;
  }
  let t4 = sqrt(sum0 / 128.0 + 0.00001);
  norm[i] = t4;
  for (var d_2 = 0; d_2 < 128; d_2++) {
    let chosen_2 = select(0.0, table[t2 * 128 + d_2], t1 != 0.0);
    norm_2[i * 128 + d_2] = chosen_2 * gain[d_2] / t4;
  }
}
