// row_dot_inner_grad
// activation_grad[batch 8, time 128, o 2, h 2, k 3], opened[batch 8, time 128, o 2], route[batch 8, time 128, pool 8], inner[batch 8, time 128, o 2, h 2, k 3] -> inner_grad[batch 8, time 128, o 2, h 2, k 3]
// Implements layers.{0..3}.ffn.inner~grad.
// Work: 73.7 kFLOP, 188 kB moved.

@group(0) @binding(0) var<storage, read> activation_grad: array<f32, 12288>;
@group(0) @binding(1) var<storage, read> opened: array<i32, 2048>;
@group(0) @binding(2) var<storage, read> route: array<f32, 8192>;
@group(0) @binding(3) var<storage, read> inner: array<f32, 12288>;
@group(0) @binding(4) var<storage, read_write> inner_grad: array<f32, 12288>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let position = i32(group.x) * 64 + i32(lane_index);
  let h = position & 1;
  let o = (position >> 1u) & 1;
  let batch_time = position >> 2u;
  let t0 = route[batch_time * 8 + opened[batch_time * 2 + o]];
  var sum0 = 0.0;
  for (var k = 0; k < 3; k++) {
    let product = activation_grad[batch_time * 12 + o * 6 + h * 3 + k] * t0;
    let inner_value = inner[batch_time * 12 + o * 6 + h * 3 + k];
    sum0 += product * inner_value;
  }
  for (var k_2 = 0; k_2 < 3; k_2++) {
    let inner_value_2 = inner[batch_time * 12 + o * 6 + h * 3 + k_2];
    let product_2 = activation_grad[batch_time * 12 + o * 6 + h * 3 + k_2] * t0;
    inner_grad[batch_time * 12 + o * 6 + h * 3 + k_2] = inner_value_2 * (product_2 - sum0);
  }
}
