// softmax_coefficient_2
// pick[batch 1, time 128, o 2, h 2, k 3], score[batch 1, time 128, o 2, h 2, half 2, n 32], opened[batch 1, time 128, o 2], route[batch 1, time 128, pool 8] -> coefficient[batch 1, time 128, o 2, h 2, k 3]
// Implements layers.{0..3}.ffn.coefficient, layers.{0..3}.ffn.inner.
// Work: 16.9 kFLOP, 23.6 kB moved.

@group(0) @binding(0) var<storage, read> pick: array<i32, 1536>;
@group(0) @binding(1) var<storage, read> score: array<f32, 32768>;
@group(0) @binding(2) var<storage, read> opened: array<i32, 256>;
@group(0) @binding(3) var<storage, read> route: array<f32, 1024>;
@group(0) @binding(4) var<storage, read_write> coefficient: array<f32, 1536>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let h = position & 1;
  let o = (position >> 1u) & 1;
  let time = position >> 2u;
  var max0 = -3.4028234663852886e38;
  for (var k = 0; k < 3; k++) {
    let pick_value = pick[time * 12 + o * 6 + h * 3 + k];
    let t0 = pick_value;
    max0 = max(max0, score[time * 256 + o * 128 + h * 64 + (t0 >> 5u)] + score[time * 256 + o * 128 + h * 64 + (t0 & 31) + 32]);
  }
  var sum1 = 0.0;
  for (var k_2 = 0; k_2 < 3; k_2++) {
    let pick_value_2 = pick[time * 12 + o * 6 + h * 3 + k_2];
    let t1 = pick_value_2;
    sum1 += exp(score[time * 256 + o * 128 + h * 64 + (t1 >> 5u)] + score[time * 256 + o * 128 + h * 64 + (t1 & 31) + 32] - max0);
  }
  let t3 = route[time * 8 + opened[time * 2 + o]];
  for (var k_3 = 0; k_3 < 3; k_3++) {
    let pick_value_3 = pick[time * 12 + o * 6 + h * 3 + k_3];
    let t2 = pick_value_3;
    coefficient[time * 12 + o * 6 + h * 3 + k_3] = exp(score[time * 256 + o * 128 + h * 64 + (t2 >> 5u)] + score[time * 256 + o * 128 + h * 64 + (t2 & 31) + 32] - max0) / sum1 * t3;
  }
}
