// segment_sum_balance
// segments[n 19], order[n 2048] -> balance[pool 8]
// Implements loss.balance.
// Work: 2.05 kFLOP, 8.26 kB moved.

@group(0) @binding(0) var<storage, read> segments: array<i32, 19>;
@group(0) @binding(1) var<storage, read> order: array<i32, 2048>;
@group(0) @binding(2) var<storage, read_write> balance: array<f32, 8>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let end = segments[0];
  for (var row = i32(group.x) * 64 + i32(lane_index); row < end; row += 64) {
    let row_number = segments[row * 2 + 1];
    var sum0 = 0.0;
    for (var p = segments[row * 2 + 2]; p < segments[row * 2 + 4]; p++) {
      let entry = order[p];
      sum0 += 1.0;
    }
    balance[row_number] = sum0;
  }
}
