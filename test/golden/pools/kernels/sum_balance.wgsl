// sum_balance
// route[batch 8, time 128, pool 8] -> balance[chunk 32, pool 8]
// Implements loss.balance.
// Work: 8.19 kFLOP, 33.8 kB moved.

@group(0) @binding(0) var<storage, read> route: array<f32, 8192>;
@group(0) @binding(1) var<storage, read_write> balance: array<f32, 256>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let pool = position & 7;
  let chunk = position >> 3u;
  var sum0 = 0.0;
  for (var within = 0; within < 32; within++) {
    sum0 += route[chunk * 256 + within * 8 + pool];
  }
  balance[chunk * 8 + pool] = sum0;
}
