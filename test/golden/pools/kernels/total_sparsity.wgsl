// total_sparsity
// activation[batch 8, time 128, o 2, h 2, k 3] -> sparsity[chunk 1024]
// Implements loss.sparsity.
// Work: 24.6 kFLOP, 53.2 kB moved.

@group(0) @binding(0) var<storage, read> activation: array<f32, 12288>;
@group(0) @binding(1) var<storage, read_write> sparsity: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let c = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var j = 0; j < 12; j++) {
    sum0 += abs(activation[j * 1024 + c]);
  }
  sparsity[c] = sum0;
}
