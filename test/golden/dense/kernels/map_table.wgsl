// map_table
// scalars[n 6] -> table[], table_2[]
// Implements optimizer.embed.table.
// Work: 2 FLOP, 12 B moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 6>;
@group(0) @binding(1) var<storage, read_write> table: array<f32, 1>;
@group(0) @binding(2) var<storage, read_write> table_2: array<f32, 1>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  if (lane_index != 0u) { return; }
  table[0] = sqrt(scalars[3]);
  table_2[0] = scalars[1] / scalars[2];
}
