// map_read
// scalars[n 11] -> scalars[n 11], sparsity_grad[]
// Implements loss.sparsity~grad, optimizer.embed.table, optimizer.layers.0.ffn.experts.read.
// Work: 7 FLOP, 8 B moved.

@group(0) @binding(0) var<storage, read_write> scalars: array<f32, 11>;
@group(0) @binding(1) var<storage, read_write> sparsity_grad: array<f32, 1>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  if (lane_index != 0u) { return; }
  let t0 = scalars[0] / 4.0 / 1024.0;
  let t1 = sqrt(scalars[4]);
  let t2 = scalars[3];
  let t3 = scalars[2] / t2;
  let t4 = scalars[5] * sqrt(scalars[6]) / t2;
  sparsity_grad[0] = t0;
  scalars[9] = t1;
  scalars[8] = t3;
  scalars[10] = t4;
}
