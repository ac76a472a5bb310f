// row_dot_route_grad
// balance_grad[pool 8], opened_grad[batch 8, time 128, pool 8], route[batch 8, time 128, pool 8] -> route_grad[batch 8, time 128, pool 8]
// Implements layers.{0..3}.ffn.route~grad.
// Work: 49.2 kFLOP, 98.3 kB moved.

@group(0) @binding(0) var<storage, read> balance_grad: array<f32, 8>;
@group(0) @binding(1) var<storage, read> opened_grad: array<f32, 8192>;
@group(0) @binding(2) var<storage, read> route: array<f32, 8192>;
@group(0) @binding(3) var<storage, read_write> route_grad: array<f32, 8192>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var pool = 0; pool < 8; pool++) {
    let sum = balance_grad[pool] + opened_grad[i * 8 + pool];
    let route_value = route[i * 8 + pool];
    sum0 += sum * route_value;
  }
  for (var pool_2 = 0; pool_2 < 8; pool_2++) {
    let route_value_2 = route[i * 8 + pool_2];
    let sum_2 = balance_grad[pool_2] + opened_grad[i * 8 + pool_2];
    route_grad[i * 8 + pool_2] = route_value_2 * (sum_2 - sum0);
  }
}
