// add_to_total_optimizer_4
// pick_grad[h 2, n 32, e 32], pick_grad_2[h 2, n 32, e 32], optimizer[chunk 1024] -> optimizer[chunk 1024]
// Implements optimizer.
// Work: 29.7 kFLOP, 20.5 kB moved.

@group(0) @binding(0) var<storage, read> pick_grad: array<f32, 2048>;
@group(0) @binding(1) var<storage, read> pick_grad_2: array<f32, 2048>;
@group(0) @binding(2) var<storage, read_write> optimizer: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let c = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var j = 0; j < 4; j++) {
    let index = ((j * 1024 + c) >> 11u) * 1024 + c;
    let position = j & 1;
    let t0 = select(0.0, pick_grad[index], 1 <= position) + select(0.0, pick_grad_2[index], position < 1);
    sum0 += t0 * t0;
  }
  let t1 = optimizer[c] + sum0;
  optimizer[c] = t1;
}
