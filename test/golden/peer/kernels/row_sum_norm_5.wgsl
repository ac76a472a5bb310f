// row_sum_norm_5
// tokens[batch 1, time 128], table[v 256, d 128], gain[d 128] -> norm[batch 1, time 128, d 128]
// Implements layers.0.attention.norm.
// Work: 246 kFLOP, 132 kB moved.

@group(0) @binding(0) var<storage, read> tokens: array<i32, 128>;
@group(0) @binding(1) var<storage, read> table: array<f32, 32768>;
@group(0) @binding(2) var<storage, read> gain: array<f32, 128>;
@group(0) @binding(3) var<storage, read_write> norm: array<f32, 16384>;

var<workgroup> sum0_of_lane: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let row = i32(group.x) * 2 + (lane >> 5u);
  let member = lane & 31;
  let t0 = tokens[row];
  let t1 = select(0.0, 1.0, 0 <= t0) * select(0.0, 1.0, t0 < 256);
  let t2 = max(min(t0, 255), 0);
  var own_sum0 = 0.0;
  for (var d = member; d < 128; d += 32) {
    let chosen = select(0.0, table[t2 * 128 + d], t1 != 0.0);
    let t3 = chosen;
    own_sum0 += t3 * t3;
  }
  sum0_of_lane[lane] = own_sum0;
  workgroupBarrier();
  var sum0 = sum0_of_lane[lane - member];
  for (var i = 1; i < 32; i++) { sum0 += sum0_of_lane[lane - member + i]; }
  let t4 = sqrt(sum0 / 128.0 + 0.00001);
  for (var d_2 = member; d_2 < 128; d_2 += 32) {
    let chosen_2 = select(0.0, table[t2 * 128 + d_2], t1 != 0.0);
    norm[row * 128 + d_2] = chosen_2 * gain[d_2] / t4;
  }
}
