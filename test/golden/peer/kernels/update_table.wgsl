// update_table
// scalars[n 10], table[v 256, d 128], m[v 256, d 128], embed_grad[v 256, d 128], v[v 256, d 128] -> table[v 256, d 128], m[v 256, d 128], v[v 256, d 128]
// Work: 1.05 MFLOP, 524 kB moved.

@group(0) @binding(0) var<storage, read> scalars: array<f32, 10>;
@group(0) @binding(1) var<storage, read_write> table: array<f32, 32768>;
@group(0) @binding(2) var<storage, read_write> m: array<f32, 32768>;
@group(0) @binding(3) var<storage, read> embed_grad: array<f32, 32768>;
@group(0) @binding(4) var<storage, read_write> v: array<f32, 32768>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = scalars[6];
  let t1 = select(0.0, 1.0, 0.0 <= t0);
  let t2 = table[i];
  let t3 = m[i];
  let t4 = embed_grad[i] * t0;
  let t5 = t3 * 0.9 + t4 * 0.1;
  let t6 = v[i];
  let t7 = t6 * 0.95 + t4 * t4 * 0.05;
  let t8 = select(t2, t2 * (1.0 - scalars[1] * 0.1) - scalars[7] * (t5 / (sqrt(t7) / scalars[8] + 1e-8)), t1 != 0.0);
  let t9 = select(t3, t5, t1 != 0.0);
  let t10 = select(t6, t7, t1 != 0.0);
  table[i] = t8;
  m[i] = t9;
  v[i] = t10;
}
