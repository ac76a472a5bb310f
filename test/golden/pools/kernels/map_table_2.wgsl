// map_table_2
// scalars[n 10], m[v 256, d 128], embed_grad[v 256, d 128], v[v 256, d 128], table[] -> table_2[v 256, d 128]
// Implements optimizer.embed.table.
// Work: 557 kFLOP, 524 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 10>;
@group(0) @binding(1) var<storage, read> m: array<f32, 32768>;
@group(0) @binding(2) var<storage, read> embed_grad: array<f32, 32768>;
@group(0) @binding(3) var<storage, read> v: array<f32, 32768>;
@group(0) @binding(4) var<storage, read> table: array<f32, 1>;
@group(0) @binding(5) var<storage, read_write> table_2: array<f32, 32768>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = embed_grad[i] * select(-1.0, min(1.0, 1.0 / (scalars[8] + 0.000001)), scalars[7] != 0.0);
  table_2[i] = scalars[9] * ((m[i] * 0.9 + t0 * 0.1) / (sqrt(v[i] * 0.95 + t0 * t0 * 0.05) / table[0] + 1e-8));
}
