// map_table
// scalars[n 7] -> scalars[n 7]
// Implements optimizer.embed.table.
// Work: 2 FLOP, 4 B moved.

@group(0) @binding(0) var<storage, read_write> scalars: array<f32, 7>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  if (lane_index != 0u) { return; }
  let t0 = sqrt(scalars[3]);
  let t1 = scalars[1] / scalars[2];
  scalars[6] = t0;
  scalars[5] = t1;
}
