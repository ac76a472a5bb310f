// row_sum_norm_4
// attention[batch 8, time 128, d 128], gain[d 128] -> norm[batch 8, time 128, d 128]
// Implements layers.{0..3}.ffn.norm, layers.{1..3}.attention.norm.
// Work: 918 kFLOP, 1.05 MB moved.

@group(0) @binding(0) var<storage, read> attention: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var d = 0; d < 128; d++) {
    let attention_value = attention[i * 128 + d];
    let t0 = attention_value;
    sum0 += t0 * t0;
  }
  let t1 = sqrt(sum0 / 128.0 + 0.00001);
  for (var d_2 = 0; d_2 < 128; d_2++) {
    let attention_value_2 = attention[i * 128 + d_2];
    norm[i * 128 + d_2] = attention_value_2 * gain[d_2] / t1;
  }
}
