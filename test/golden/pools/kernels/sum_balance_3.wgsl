// sum_balance_3
// balance[chunk 32, pool 8] -> balance_2[pool 8]
// Implements loss.balance.
// Work: 256 FLOP, 1.06 kB moved.

@group(0) @binding(0) var<storage, read> balance: array<f32, 256>;
@group(0) @binding(1) var<storage, read_write> balance_2: array<f32, 8>;

var<workgroup> sum0_of_lane: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let row = i32(group.x) * 8 + (lane >> 3u);
  let member = lane & 7;
  var own_sum0 = 0.0;
  for (var chunk = member; chunk < 32; chunk += 8) {
    own_sum0 += balance[chunk * 8 + row];
  }
  sum0_of_lane[lane] = own_sum0;
  workgroupBarrier();
  var sum0 = sum0_of_lane[lane - member];
  for (var i = 1; i < 8; i++) { sum0 += sum0_of_lane[lane - member + i]; }
  if (member == 0) {
    balance_2[row] = sum0;
  }
}
