// add_to_total_optimizer_3
// up_grad[d 128, f 256], optimizer[chunk 1024] -> optimizer[chunk 1024]
// Implements optimizer.
// Work: 66.6 kFLOP, 135 kB moved.

@group(0) @binding(0) var<storage, read> up_grad: array<f32, 32768>;
@group(0) @binding(1) var<storage, read_write> optimizer: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let c = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var j = 0; j < 32; j++) {
    let t0 = up_grad[j * 1024 + c];
    sum0 += t0 * t0;
  }
  let t1 = optimizer[c] + sum0;
  optimizer[c] = t1;
}
