// map_nll_grad
// ce[], targets[batch 8, time 128] -> ce_grad[batch 8, time 128], nll_grad[batch 8, time 128]
// Implements loss.ce.nll~grad, loss.ce~grad.
// Work: 9.22 kFLOP, 12.3 kB moved.

@group(0) @binding(0) var<storage, read> ce: array<f32, 1>;
@group(0) @binding(1) var<storage, read> targets: array<i32, 1024>;
@group(0) @binding(2) var<storage, read_write> ce_grad: array<f32, 1024>;
@group(0) @binding(3) var<storage, read_write> nll_grad: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let i = i32(group.x) * 64 + i32(lane_index);
  let t0 = 1.0 / ce[0] * select(0.0, 1.0, 0 <= targets[i]);
  ce_grad[i] = t0;
  nll_grad[i] = -t0;
}
