// softmax_value
// logits[batch 8, time 128, v 256], targets[batch 8, time 128] -> nll[batch 8, time 128]
// Implements loss.ce.nll.
// Work: 1.06 MFLOP, 1.06 MB moved.

@group(0) @binding(0) var<storage, read> logits: array<f32, 262144>;
@group(0) @binding(1) var<storage, read> targets: array<i32, 1024>;
@group(0) @binding(2) var<storage, read_write> nll: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var max0 = -3.4028234663852886e38;
  for (var v = 0; v < 256; v++) {
    let logits_value = logits[i * 256 + v];
    max0 = max(max0, logits_value);
  }
  var sum1 = 0.0;
  for (var v_2 = 0; v_2 < 256; v_2++) {
    let logits_value_2 = logits[i * 256 + v_2];
    sum1 += exp(logits_value_2 - max0);
  }
  let t0 = targets[i];
  nll[i] = select(0.0, log(sum1) + max0 - select(0.0, logits[i * 256 + max(min(t0, 255), 0)], 0 <= t0 && t0 < 256), 0 <= t0);
}
