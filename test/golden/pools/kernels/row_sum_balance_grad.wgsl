// row_sum_balance_grad
// balance[chunk 64, pool 8] -> balance_2[pool 8], balance_grad[pool 8]
// Implements loss.balance, loss.balance~grad.
// Work: 536 FLOP, 2.11 kB moved.

@group(0) @binding(0) var<storage, read> balance: array<f32, 512>;
@group(0) @binding(1) var<storage, read_write> balance_2: array<f32, 8>;
@group(0) @binding(2) var<storage, read_write> balance_grad: array<f32, 8>;

var<workgroup> sum0_of_lane: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let row = i32(group.x) * 4 + (lane >> 4u);
  let member = lane & 15;
  var own_sum0 = 0.0;
  for (var chunk = member; chunk < 64; chunk += 16) {
    own_sum0 += balance[chunk * 8 + row];
  }
  sum0_of_lane[lane] = own_sum0;
  workgroupBarrier();
  var sum0 = sum0_of_lane[lane - member];
  for (var i = 1; i < 16; i++) { sum0 += sum0_of_lane[lane - member + i]; }
  if (member == 0) {
    balance_2[row] = sum0;
  }
  let quotient = 0.02 * (sum0 / 2048.0) / 1024.0;
  if (member == 0) {
    balance_grad[row] = quotient;
  }
}
