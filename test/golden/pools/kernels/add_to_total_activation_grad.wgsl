// add_to_total_activation_grad
// squares_grad[n 8192], segments[n 16387], optimizer[chunk 1024] -> optimizer[chunk 1024]
// Implements layers.{0..3}.ffn.activation~grad, layers.{0..3}.ffn~grad.
// Work: 9.22 kFLOP, 41 kB moved.

@group(0) @binding(0) var<storage, read> squares_grad: array<f32, 8192>;
@group(0) @binding(1) var<storage, read> segments: array<i32, 16387>;
@group(0) @binding(2) var<storage, read_write> optimizer: array<f32, 1024>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let c = i32(group.x) * 64 + i32(lane_index);
  var sum0 = 0.0;
  for (var j = 0; j < ((segments[0] - c + 1023) >> 10u); j++) {
    sum0 += squares_grad[j * 1024 + c];
  }
  let t0 = optimizer[c] + sum0;
  optimizer[c] = t0;
}
