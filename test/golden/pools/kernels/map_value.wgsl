// map_value
// opened[batch 8, time 128, o 2], pick[batch 8, time 128, o 2, h 2, k 3] -> experts[batch 8, time 128, o 2, h 2, k 3]
// Work: 0 FLOP, 106 kB moved.

@group(0) @binding(0) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(1) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(2) var<storage, read_write> experts: array<i32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let h_k = position % 6;
  let batch_time_o = position / 6;
  experts[batch_time_o * 6 + h_k] = opened[batch_time_o] * 1024 + pick[batch_time_o * 6 + h_k];
}
