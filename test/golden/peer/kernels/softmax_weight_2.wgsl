// softmax_weight_2
// experts[batch 8, time 128, h 2, k 6], score[batch 8, time 128, h 2, half 2, n 32] -> weight[batch 8, time 128, h 2, k 6]
// Implements layers.{0..3}.ffn.weight.
// Work: 123 kFLOP, 147 kB moved.

@group(0) @binding(0) var<storage, read> experts: array<i32, 12288>;
@group(0) @binding(1) var<storage, read> score: array<f32, 131072>;
@group(0) @binding(2) var<storage, read_write> weight: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var max0 = -3.4028234663852886e38;
  for (var k = 0; k < 6; k++) {
    let experts_value = experts[i * 6 + k];
    let t0 = experts_value;
    max0 = max(max0, score[i * 64 + (t0 >> 5u)] + score[i * 64 + (t0 & 31) + 32]);
  }
  var sum1 = 0.0;
  for (var k_2 = 0; k_2 < 6; k_2++) {
    let experts_value_2 = experts[i * 6 + k_2];
    let t1 = experts_value_2;
    sum1 += exp(score[i * 64 + (t1 >> 5u)] + score[i * 64 + (t1 & 31) + 32] - max0);
  }
  for (var k_3 = 0; k_3 < 6; k_3++) {
    let experts_value_3 = experts[i * 6 + k_3];
    let t2 = experts_value_3;
    weight[i * 6 + k_3] = exp(score[i * 64 + (t2 >> 5u)] + score[i * 64 + (t2 & 31) + 32] - max0) / sum1;
  }
}
