// row_sum_q_3
// flat[batch 1, time 128, h 2, half 2, e 32], gain[e 32] -> q[batch 1, time 128, h 2, half 2, e 32]
// Implements layers.{0..3}.ffn.q.
// Work: 115 kFLOP, 131 kB moved.

@group(0) @binding(0) var<storage, read> flat: array<f32, 16384>;
@group(0) @binding(1) var<storage, read> gain: array<f32, 32>;
@group(0) @binding(2) var<storage, read_write> q: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var e = 0; e < 32; e++) {
    let flat_value = flat[i * 32 + e];
    let t0 = flat_value;
    sum0 += t0 * t0;
  }
  let t1 = sqrt(sum0 / 32.0 + 0.00001);
  for (var e_2 = 0; e_2 < 32; e_2++) {
    let flat_value_2 = flat[i * 32 + e_2];
    q[i * 32 + e_2] = flat_value_2 * gain[e_2] / t1;
  }
}
