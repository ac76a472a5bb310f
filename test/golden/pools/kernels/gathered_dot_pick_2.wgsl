// gathered_dot_pick_2
// opened[batch 8, time 128, o 2], pick[batch 8, time 128, o 2, h 2, k 3], key[pool 8, h 2, half 2, n 32, e 32], q[batch 8, time 128, h 2, half 2, e 32] -> pick_2[batch 8, time 128, o 2, h 2, k 3]
// Implements layers.{0..3}.ffn.pick.
// Work: 786 kFLOP, 762 kB moved.

@group(0) @binding(0) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(1) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(2) var<storage, read> key: array<f32, 32768>;
@group(0) @binding(3) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(4) var<storage, read_write> pick_2: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let k = position % 3;
  let h = (position / 3) & 1;
  let o = (position / 6) & 1;
  let batch_time = position / 12;
  let t0 = opened[batch_time * 2 + o];
  let t1 = pick[batch_time * 12 + o * 6 + h * 3 + k] & 31;
  var sum0 = 0.0;
  for (var e = 0; e < 32; e++) {
    sum0 += key[t0 * 4096 + h * 2048 + t1 * 32 + e + 1024] * q[batch_time * 128 + h * 64 + e + 32];
  }
  pick_2[batch_time * 12 + o * 6 + h * 3 + k] = sum0;
}
