// row_sum_norm_6
// attention[batch 1, time 128, d 128], gain[d 128] -> norm[batch 1, time 128, d 128]
// Implements layers.{0..3}.ffn.norm, layers.{1..3}.attention.norm.
// Work: 115 kFLOP, 132 kB moved.

@group(0) @binding(0) var<storage, read> attention: array<f32, 16384>;
@group(0) @binding(1) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32, 16384>;

var<workgroup> sum0_of_lane: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let row = i32(group.x) * 2 + (lane >> 5u);
  let member = lane & 31;
  var own_sum0 = 0.0;
  for (var d = member; d < 128; d += 32) {
    let attention_value = attention[row * 128 + d];
    let t0 = attention_value;
    own_sum0 += t0 * t0;
  }
  sum0_of_lane[lane] = own_sum0;
  workgroupBarrier();
  var sum0 = sum0_of_lane[lane - member];
  for (var i = 1; i < 32; i++) { sum0 += sum0_of_lane[lane - member + i]; }
  let t1 = sqrt(sum0 / 128.0 + 0.00001);
  for (var d_2 = member; d_2 < 128; d_2 += 32) {
    let attention_value_2 = attention[row * 128 + d_2];
    norm[row * 128 + d_2] = attention_value_2 * gain[d_2] / t1;
  }
}
