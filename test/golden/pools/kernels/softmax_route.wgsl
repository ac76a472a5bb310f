// softmax_route
// logits[batch 8, time 128, pool 8] -> route[batch 8, time 128, pool 8]
// Implements layers.{0..3}.ffn.route.
// Work: 57.3 kFLOP, 65.5 kB moved.

@group(0) @binding(0) var<storage, read> logits: array<f32, 8192>;
@group(0) @binding(1) var<storage, read_write> route: array<f32, 8192>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var max0 = -3.4028234663852886e38;
  for (var pool = 0; pool < 8; pool++) {
    let logits_value = logits[i * 8 + pool];
    max0 = max(max0, logits_value);
  }
  var sum1 = 0.0;
  for (var pool_2 = 0; pool_2 < 8; pool_2++) {
    let logits_value_2 = logits[i * 8 + pool_2];
    let exp_value = exp(logits_value_2 - max0);
    sum1 += exp_value;
  }
  for (var pool_3 = 0; pool_3 < 8; pool_3++) {
    let logits_value_3 = logits[i * 8 + pool_3];
    let exp_value_2 = exp(logits_value_3 - max0);
    route[i * 8 + pool_3] = exp_value_2 / sum1;
  }
}
