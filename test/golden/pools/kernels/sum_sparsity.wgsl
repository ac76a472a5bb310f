// sum_sparsity
// sparsity[chunk 1024] -> sparsity_2[]
// Implements loss.sparsity.
// Work: 1.02 kFLOP, 4.1 kB moved.

@group(0) @binding(0) var<storage, read> sparsity: array<f32, 1024>;
@group(0) @binding(1) var<storage, read_write> sparsity_2: array<f32, 1>;

var<workgroup> sum0_of_lane: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let row = i32(group.x);
  var own_sum0 = 0.0;
  for (var chunk = lane; chunk < 1024; chunk += 64) {
    own_sum0 += sparsity[chunk];
  }
  sum0_of_lane[lane] = own_sum0;
  workgroupBarrier();
  var sum0 = sum0_of_lane[0];
  for (var i = 1; i < 64; i++) { sum0 += sum0_of_lane[i]; }
  if (lane == 0) {
    sparsity_2[0] = sum0;
  }
}
