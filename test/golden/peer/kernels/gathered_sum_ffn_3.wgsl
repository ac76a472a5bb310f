// gathered_sum_ffn_3
// activation[batch 1, time 128, h 2, k 6], pick[batch 1, time 128, h 2, k 6], write[expert 1024, d 128] -> ffn[batch 1, time 128, d 128]
// Implements layers.3.ffn.
// Work: 393 kFLOP, 602 kB moved.

@group(0) @binding(0) var<storage, read> activation: array<f32, 1536>;
@group(0) @binding(1) var<storage, read> pick: array<i32, 1536>;
@group(0) @binding(2) var<storage, read> write_2: array<f32, 131072>;
@group(0) @binding(3) var<storage, read_write> ffn: array<f32, 16384>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let d = position & 127;
  let time = position >> 7u;
  var sum0 = 0.0;
  for (var h_k = 0; h_k < 12; h_k++) {
    sum0 += activation[time * 12 + h_k] * write_2[pick[time * 12 + h_k] * 128 + d];
  }
  ffn[time * 128 + d] = sum0;
}
