// gathered_dot_score
// opened[batch 8, time 128, o 2], key[pool 8, h 2, half 2, n 32, e 32], q[batch 8, time 128, h 2, half 2, e 32] -> score[batch 8, time 128, o 2, h 2, half 2, n 32]
// Implements layers.{0..3}.ffn.score.
// Work: 16.8 MFLOP, 1.71 MB moved.

@group(0) @binding(0) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(1) var<storage, read> key: array<f32, 32768>;
@group(0) @binding(2) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(3) var<storage, read_write> score: array<f32, 262144>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let n = position & 31;
  let h_half = (position >> 5u) & 3;
  let o = (position >> 7u) & 1;
  let batch_time = position >> 8u;
  let t0 = opened[batch_time * 2 + o];
  var sum0 = 0.0;
  for (var e = 0; e < 32; e++) {
    sum0 += key[t0 * 4096 + h_half * 1024 + n * 32 + e] * q[batch_time * 128 + h_half * 32 + e];
  }
  score[batch_time * 256 + o * 128 + h_half * 32 + n] = sum0;
}
