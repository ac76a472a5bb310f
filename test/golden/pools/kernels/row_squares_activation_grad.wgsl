// row_squares_activation_grad
// segments[n 16387], order[n 12288], activation_grad[batch 8, time 128, o 2, h 2, k 3], norm[batch 8, time 128, d 128] -> squares_grad[n 8192]
// Implements layers.{0..3}.ffn.activation~grad.
// Work: 5.24 MFLOP, 721 kB moved.

@group(0) @binding(0) var<storage, read> segments: array<i32, 16387>;
@group(0) @binding(1) var<storage, read> order: array<i32, 12288>;
@group(0) @binding(2) var<storage, read> activation_grad: array<f32, 12288>;
@group(0) @binding(3) var<storage, read> norm: array<f32, 131072>;
@group(0) @binding(4) var<storage, read_write> squares_grad: array<f32, 8192>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let end = segments[0];
  for (var row = i32(group.x) * 64 + i32(lane_index); row < end; row += 8192) {
    let t0 = segments[row * 2 + 2];
    let t1 = segments[row * 2 + 4];
    var sum0 = 0.0;
    for (var d = 0; d < 128; d++) {
      var g = 0.0;
      for (var p = t0; p < t1; p++) {
        let entry = order[p];
        g += activation_grad[entry] * norm[entry / 12 * 128 + d];
      }
      sum0 += g * g;
    }
    squares_grad[row] = sum0;
  }
}
