// sum_balance_4
// balance[pool 8], balance_2[pool 8] -> balance_3[]
// Implements loss.balance.
// Work: 32 FLOP, 68 B moved.

@group(0) @binding(0) var<storage, read> balance: array<f32, 8>;
@group(0) @binding(1) var<storage, read> balance_2: array<f32, 8>;
@group(0) @binding(2) var<storage, read_write> balance_3: array<f32, 1>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  if (lane_index != 0u) { return; }
  var sum0 = 0.0;
  for (var pool = 0; pool < 8; pool++) {
    sum0 += balance[pool] / 1024.0 * (balance_2[pool] / 2048.0);
  }
  balance_3[0] = sum0;
}
