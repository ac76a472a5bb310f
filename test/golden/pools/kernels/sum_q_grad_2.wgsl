// sum_q_grad_2
// q_grad[chunk 64, e 32] -> q_grad_2[e 32]
// Implements layers.{0..3}.ffn.q~grad.
// Work: 2.05 kFLOP, 8.32 kB moved.

@group(0) @binding(0) var<storage, read> q_grad: array<f32, 2048>;
@group(0) @binding(1) var<storage, read_write> q_grad_2: array<f32, 32>;

var<workgroup> sum0_of_lane: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let row = i32(group.x) * 4 + (lane >> 4u);
  let member = lane & 15;
  var own_sum0 = 0.0;
  for (var chunk = member; chunk < 64; chunk += 16) {
    own_sum0 += q_grad[chunk * 32 + row];
  }
  sum0_of_lane[lane] = own_sum0;
  workgroupBarrier();
  var sum0 = sum0_of_lane[lane - member];
  for (var i = 1; i < 16; i++) { sum0 += sum0_of_lane[lane - member + i]; }
  if (member == 0) {
    q_grad_2[row] = sum0;
  }
}
