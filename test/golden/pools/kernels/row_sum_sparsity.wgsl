// row_sum_sparsity
// sparsity[chunk 1024], scalars[n 11], sparsity_2[], sparsity_3[], sparsity_4[] -> sparsity_5[]
// Implements loss.sparsity.
// Work: 1.03 kFLOP, 4.12 kB moved.

@group(0) @binding(0) var<storage, read> sparsity: array<f32, 1024>;
@group(0) @binding(1) var<storage, read> scalars: array<f32, 11>;
@group(0) @binding(2) var<storage, read> sparsity_2: array<f32, 1>;
@group(0) @binding(3) var<storage, read> sparsity_3: array<f32, 1>;
@group(0) @binding(4) var<storage, read> sparsity_4: array<f32, 1>;
@group(0) @binding(5) var<storage, read_write> sparsity_5: array<f32, 1>;

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
  let product = scalars[0] * ((sparsity_2[0] / 1024.0 + sparsity_3[0] / 1024.0 + sparsity_4[0] / 1024.0 + sum0 / 1024.0) / 4.0);
  if (lane == 0) {
    sparsity_5[0] = product;
  }
}
