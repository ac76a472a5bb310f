// map_hidden_grad
// down_grad[batch 8, time 128, f 256], up[batch 8, time 128, f 256], hidden[batch 8, time 128, f 256] -> hidden_grad[batch 8, time 128, f 256]
// Implements layers.{0..3}.ffn.hidden~grad.
// Work: 3.15 MFLOP, 4.19 MB moved.

@group(0) @binding(0) var<storage, read> down_grad: array<f32, 262144>;
@group(0) @binding(1) var<storage, read> up: array<f32, 262144>;
@group(0) @binding(2) var<storage, read> hidden: array<f32, 262144>;
@group(0) @binding(3) var<storage, read_write> hidden_grad: array<f32, 262144>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = down_grad[i];
  let t1 = up[i];
  let t2 = t1 * 0.70710677;
  hidden_grad[i] = t0 * (0.5 * t1) * (1.1283792 * exp(-(t2 * t2))) * 0.70710677 + t0 * hidden[i] * 0.5;
}
