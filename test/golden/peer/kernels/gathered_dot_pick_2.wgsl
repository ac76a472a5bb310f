// gathered_dot_pick_2
// q[batch 8, time 128, h 2, half 2, e 32], pick[batch 8, time 128, h 2, k 6], key[h 2, half 2, n 32, e 32] -> pick_2[batch 8, time 128, h 2, k 6]
// Implements layers.{0..3}.ffn.pick.
// Work: 786 kFLOP, 639 kB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(2) var<storage, read> key: array<f32, 4096>;
@group(0) @binding(3) var<storage, read_write> pick_2: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let k = position % 6;
  let h = (position / 6) & 1;
  let batch_time = position / 12;
  let t0 = pick[batch_time * 12 + h * 6 + k] & 31;
  var sum0 = 0.0;
  for (var e = 0; e < 32; e++) {
    sum0 += q[batch_time * 128 + h * 64 + e + 32] * key[h * 2048 + t0 * 32 + e + 1024];
  }
  pick_2[batch_time * 12 + h * 6 + k] = sum0;
}
