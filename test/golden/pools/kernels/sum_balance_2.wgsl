// sum_balance_2
// opened[batch 8, time 128, o 2] -> balance[chunk 64, pool 8]
// Implements loss.balance.
// Work: 81.9 kFLOP, 10.2 kB moved.

@group(0) @binding(0) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(1) var<storage, read_write> balance: array<f32, 512>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let pool = position & 7;
  let chunk = position >> 3u;
  var sum0 = 0.0;
  for (var within = 0; within < 32; within++) {
    sum0 += select(0.0, 1.0, f32(opened[chunk * 32 + within]) == f32(pool));
  }
  balance[chunk * 8 + pool] = sum0;
}
