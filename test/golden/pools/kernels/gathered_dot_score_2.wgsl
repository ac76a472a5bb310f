// gathered_dot_score_2
// opened[batch 1, time 128, o 2], key[pool 8, h 2, half 2, n 32, e 32], q[batch 1, time 128, h 2, half 2, e 32] -> score[batch 1, time 128, o 2, h 2, half 2, n 32]
// Implements layers.{0..3}.ffn.score.
// Work: 2.1 MFLOP, 329 kB moved.

@group(0) @binding(0) var<storage, read> opened: array<i32, 256>;
@group(0) @binding(1) var<storage, read> key: array<f32, 32768>;
@group(0) @binding(2) var<storage, read> q: array<f32, 16384>;
@group(0) @binding(3) var<storage, read_write> score: array<f32, 32768>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let n = position & 31;
  let h_half = (position >> 5u) & 3;
  let o = (position >> 7u) & 1;
  let time = position >> 8u;
  let t0 = opened[time * 2 + o];
  var sum0 = 0.0;
  for (var e = 0; e < 32; e++) {
    sum0 += key[t0 * 4096 + h_half * 1024 + n * 32 + e] * q[time * 128 + h_half * 32 + e];
  }
  score[time * 256 + o * 128 + h_half * 32 + n] = sum0;
}
