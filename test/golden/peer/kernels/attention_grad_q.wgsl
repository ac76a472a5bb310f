// attention_grad_q
// batch 8, time 128, heads 4 in 4 groups, widths 32 and 32
// Implements layers.{0..3}.attention.mixed~grad.
// Work: 52 MFLOP, 3.16 MB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> k: array<f32, 131072>;
@group(0) @binding(2) var<storage, read> v: array<f32, 131072>;
@group(0) @binding(3) var<storage, read> out: array<f32, 131072>;
@group(0) @binding(4) var<storage, read> lse: array<f32, 4096>;
@group(0) @binding(5) var<storage, read> dout: array<f32, 131072>;
@group(0) @binding(6) var<storage, read_write> dq: array<f32, 131072>;

var<workgroup> key_tile: array<vec4f, 256>;
var<workgroup> value_tile: array<vec4f, 256>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  // 1, but not a constant: keeps the loops that move memory rolled, which compiles many times faster.
  let one = 1 + i32(group.z >> 31u);
  let block_start = i32(group.x) * 64;
  let batch = i32(group.z);
  let head = i32(group.y);
  let key_group = head;
  let query = block_start + lane;
  let row = min(query, 127);
  let q_row_start = ((batch * 128 + row) * 4 + head) * 32;
  var q_row: array<vec4f, 8>;
  for (var e = 0; e < 8 * one; e++) { q_row[e] = vec4f(q[q_row_start + e * 4], q[q_row_start + e * 4 + 1], q[q_row_start + e * 4 + 2], q[q_row_start + e * 4 + 3]); }
  let dout_row_start = ((batch * 128 + row) * 4 + head) * 32;
  var dout_row: array<vec4f, 8>;
  for (var e = 0; e < 8 * one; e++) { dout_row[e] = vec4f(dout[dout_row_start + e * 4], dout[dout_row_start + e * 4 + 1], dout[dout_row_start + e * 4 + 2], dout[dout_row_start + e * 4 + 3]); }
  let out_row_start = ((batch * 128 + row) * 4 + head) * 32;
  var out_row: array<vec4f, 8>;
  for (var e = 0; e < 8 * one; e++) { out_row[e] = vec4f(out[out_row_start + e * 4], out[out_row_start + e * 4 + 1], out[out_row_start + e * 4 + 2], out[out_row_start + e * 4 + 3]); }
  var delta = 0.0;
  for (var e = 0; e < 8; e++) { delta += dot(dout_row[e], out_row[e]); }
  let row_lse = lse[(batch * 128 + row) * 4 + head];
  var dq_row: array<vec4f, 8>;
  for (var first = 0; first < min(block_start + 64, 128); first += 32) {
    workgroupBarrier();
    for (var t = lane; t < 256 * one; t += 64) {
      let start = ((batch * 128 + min(first + t / 8, 127)) * 4 + key_group) * 32;
      let element = t % 8 * 4;
      key_tile[t] = vec4f(k[start + element], k[start + element + 1], k[start + element + 2], k[start + element + 3]);
    }
    for (var t = lane; t < 256 * one; t += 64) {
      let start = ((batch * 128 + min(first + t / 8, 127)) * 4 + key_group) * 32;
      let element = t % 8 * 4;
      value_tile[t] = vec4f(v[start + element], v[start + element + 1], v[start + element + 2], v[start + element + 3]);
    }
    workgroupBarrier();
    for (var j = 0; j < min(32, row + 1 - first); j++) {
      var product = 0.0;
      for (var e = 0; e < 8; e++) { product += dot(q_row[e], key_tile[j * 8 + e]); }
      var dweight = 0.0;
      for (var e = 0; e < 8; e++) { dweight += dot(dout_row[e], value_tile[j * 8 + e]); }
      let dscore = exp(product * 0.17677669529663687 - row_lse) * (dweight - delta) * 0.17677669529663687;
      for (var e = 0; e < 8; e++) { dq_row[e] += dscore * key_tile[j * 8 + e]; }
    }
  }
  if (query < 128) {
    let dq_row_end = ((batch * 128 + row) * 4 + head) * 32;
    for (var e = 0; e < 32 * one; e++) { dq[dq_row_end + e] = dq_row[e >> 2u][e & 3]; }
  }
}
