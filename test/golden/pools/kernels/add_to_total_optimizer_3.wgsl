// add_to_total_optimizer_3
// logits_grad[d 128, pool 8], optimizer[chunk 1024] -> optimizer[chunk 1024]
// Implements optimizer.
// Work: 3.07 kFLOP, 8.19 kB moved.

@group(0) @binding(0) var<storage, read> logits_grad: array<f32, 1024>;
@group(0) @binding(1) var<storage, read_write> optimizer: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let c = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var j = 0; j < 1; j++) {
    let t0 = logits_grad[j * 1024 + c];
    sum0 += t0 * t0;
  }
  let t1 = optimizer[c] + sum0;
  optimizer[c] = t1;
}
