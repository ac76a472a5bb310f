// row_sum_balance
// balance[pool 8], balance_2[pool 8], balance_3[], balance_4[], balance_5[] -> balance_6[]
// Implements loss.balance.
// Work: 41 FLOP, 80 B moved.

@group(0) @binding(0) var<storage, read> balance: array<f32, 8>;
@group(0) @binding(1) var<storage, read> balance_2: array<f32, 8>;
@group(0) @binding(2) var<storage, read> balance_3: array<f32, 1>;
@group(0) @binding(3) var<storage, read> balance_4: array<f32, 1>;
@group(0) @binding(4) var<storage, read> balance_5: array<f32, 1>;
@group(0) @binding(5) var<storage, read_write> balance_6: array<f32, 1>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  if (lane_index != 0u) { return; }
  var sum0 = 0.0;
  for (var pool = 0; pool < 8; pool++) {
    sum0 += balance[pool] / 1024.0 * (balance_2[pool] / 2048.0);
  }
  balance_6[0] = 0.01 * ((8.0 * balance_3[0] + 8.0 * balance_4[0] + 8.0 * balance_5[0] + 8.0 * sum0) / 4.0);
}
