// map_balance_grad
// balance[pool 8] -> balance_grad[pool 8]
// Implements loss.balance~grad.
// Work: 24 FLOP, 64 B moved.

@group(0) @binding(0) var<storage, read> balance: array<f32, 8>;
@group(0) @binding(1) var<storage, read_write> balance_grad: array<f32, 8>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let pool = i32(group.x) * 64 + i32(lane_index);
  if (pool >= 8) { return; }
  balance_grad[pool] = 0.02 * (balance[pool] / 2048.0) / 1024.0;
}
