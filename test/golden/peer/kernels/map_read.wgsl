// map_read
// scalars[n 10] -> scalars[n 10]
// Implements optimizer.embed.table, optimizer.layers.0.ffn.experts.read.
// Work: 5 FLOP, 4 B moved.

@group(0) @binding(0) var<storage, read_write> scalars: array<f32, 10>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  if (lane_index != 0u) { return; }
  let t0 = sqrt(scalars[3]);
  let t1 = scalars[2];
  let t2 = scalars[1] / t1;
  let t3 = scalars[4] * sqrt(scalars[5]) / t1;
  scalars[8] = t0;
  scalars[7] = t2;
  scalars[9] = t3;
}
