// gathered_sum_ffn
// activation[batch 8, time 128, o 2, h 2, k 3], opened[batch 8, time 128, o 2], pick[batch 8, time 128, o 2, h 2, k 3], write[pool 8, expert 1024, d 128], attention[batch 8, time 128, d 128] -> ffn[batch 8, time 128, d 128]
// Implements layers.{0..3}.ffn.
// Work: 3.28 MFLOP, 5.35 MB moved.

@group(0) @binding(0) var<storage, read> activation: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(2) var<storage, read> pick: array<i32, 12288>;
@group(0) @binding(3) var<storage, read> write_2: array<f32, 1048576>;
@group(0) @binding(4) var<storage, read> attention: array<f32, 131072>;
@group(0) @binding(5) var<storage, read_write> ffn: array<f32, 131072>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let batch_time = position >> 7u;
  var sum0 = 0.0;
  for (var o = 0; o < 2; o++) {
    let opened_offset = opened[batch_time * 2 + o] * 131072;
    for (var h_k = 0; h_k < 6; h_k++) {
      sum0 += activation[batch_time * 12 + o * 6 + h_k] * write_2[opened_offset + pick[batch_time * 12 + o * 6 + h_k] * 128 + d];
    }
  }
  ffn[batch_time * 128 + d] = attention[batch_time * 128 + d] + sum0;
}
