// softmax_weight
// pick[batch 8, time 128, h 2, k 6], pick_2[batch 8, time 128, h 2, k 6] -> weight[batch 8, time 128, h 2, k 6]
// Implements layers.{0..3}.ffn.weight.
// Work: 123 kFLOP, 147 kB moved.

@group(0) @binding(0) var<storage, read> pick: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> pick_2: array<f32, 12288>;
@group(0) @binding(2) var<storage, read_write> weight: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var max0 = -3.4028234663852886e38;
  for (var k = 0; k < 6; k++) {
    let sum = pick[i * 6 + k] + pick_2[i * 6 + k];
    max0 = max(max0, sum);
  }
  var sum1 = 0.0;
  for (var k_2 = 0; k_2 < 6; k_2++) {
    let sum_2 = pick[i * 6 + k_2] + pick_2[i * 6 + k_2];
    let exp_value = exp(sum_2 - max0);
    sum1 += exp_value;
  }
  for (var k_3 = 0; k_3 < 6; k_3++) {
    let sum_3 = pick[i * 6 + k_3] + pick_2[i * 6 + k_3];
    let exp_value_2 = exp(sum_3 - max0);
    weight[i * 6 + k_3] = exp_value_2 / sum1;
  }
}
