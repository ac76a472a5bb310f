// attention_grad_kv
// batch 8, time 128, heads 4 in 4 groups, widths 32 and 32
// Implements layers.{0..3}.attention.mixed~grad.
// Work: 69 MFLOP, 3.69 MB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 131072>;
@group(0) @binding(1) var<storage, read> k: array<f32, 131072>;
@group(0) @binding(2) var<storage, read> v: array<f32, 131072>;
@group(0) @binding(3) var<storage, read> out: array<f32, 131072>;
@group(0) @binding(4) var<storage, read> lse: array<f32, 4096>;
@group(0) @binding(5) var<storage, read> dout: array<f32, 131072>;
@group(0) @binding(6) var<storage, read_write> dk: array<f32, 131072>;
@group(0) @binding(7) var<storage, read_write> dv: array<f32, 131072>;

var<workgroup> query_tile: array<vec4f, 256>;
var<workgroup> dout_tile: array<vec4f, 256>;
var<workgroup> lse_tile: array<f32, 32>;
var<workgroup> delta_tile: array<f32, 32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  // 1, but not a constant: keeps the loops that move memory rolled, which compiles many times faster.
  let one = 1 + i32(group.z >> 31u);
  let block_start = i32(group.x) * 64;
  let batch = i32(group.z);
  let key_group = i32(group.y);
  let key = block_start + lane;
  let row = min(key, 127);
  let k_row_start = ((batch * 128 + row) * 4 + key_group) * 32;
  var k_row: array<vec4f, 8>;
  for (var e = 0; e < 8 * one; e++) { k_row[e] = vec4f(k[k_row_start + e * 4], k[k_row_start + e * 4 + 1], k[k_row_start + e * 4 + 2], k[k_row_start + e * 4 + 3]); }
  let v_row_start = ((batch * 128 + row) * 4 + key_group) * 32;
  var v_row: array<vec4f, 8>;
  for (var e = 0; e < 8 * one; e++) { v_row[e] = vec4f(v[v_row_start + e * 4], v[v_row_start + e * 4 + 1], v[v_row_start + e * 4 + 2], v[v_row_start + e * 4 + 3]); }
  var dk_row: array<vec4f, 8>;
  var dv_row: array<vec4f, 8>;
  for (var head = key_group * 1; head < (key_group + 1) * 1; head++) {
    for (var first = block_start; first < 128; first += 32) {
      workgroupBarrier();
      for (var t = lane; t < 256 * one; t += 64) {
        let start = ((batch * 128 + min(first + t / 8, 127)) * 4 + head) * 32;
        let element = t % 8 * 4;
        query_tile[t] = vec4f(q[start + element], q[start + element + 1], q[start + element + 2], q[start + element + 3]);
      }
      for (var t = lane; t < 256 * one; t += 64) {
        let start = ((batch * 128 + min(first + t / 8, 127)) * 4 + head) * 32;
        let element = t % 8 * 4;
        dout_tile[t] = vec4f(dout[start + element], dout[start + element + 1], dout[start + element + 2], dout[start + element + 3]);
      }
      for (var t = lane; t < 32 * one; t += 64) {
        let query = min(first + t, 127);
        let start = ((batch * 128 + query) * 4 + head) * 32;
        var delta = 0.0;
        for (var f = 0; f < 32 * one; f++) { delta += out[start + f] * dout[start + f]; }
        delta_tile[t] = delta;
        lse_tile[t] = lse[(batch * 128 + query) * 4 + head];
      }
      workgroupBarrier();
      for (var j = 0; j < min(32, 128 - first); j++) {
        if (first + j >= key) {
          var product = 0.0;
          for (var e = 0; e < 8; e++) { product += dot(k_row[e], query_tile[j * 8 + e]); }
          var dweight = 0.0;
          for (var e = 0; e < 8; e++) { dweight += dot(v_row[e], dout_tile[j * 8 + e]); }
          let weight = exp(product * 0.17677669529663687 - lse_tile[j]);
          let dscore = weight * (dweight - delta_tile[j]) * 0.17677669529663687;
          for (var e = 0; e < 8; e++) { dk_row[e] += dscore * query_tile[j * 8 + e]; }
          for (var e = 0; e < 8; e++) { dv_row[e] += weight * dout_tile[j * 8 + e]; }
        }
      }
    }
  }
  if (key < 128) {
    let dk_row_end = ((batch * 128 + row) * 4 + key_group) * 32;
    for (var e = 0; e < 32 * one; e++) { dk[dk_row_end + e] = dk_row[e >> 2u][e & 3]; }
    let dv_row_end = ((batch * 128 + row) * 4 + key_group) * 32;
    for (var e = 0; e < 32 * one; e++) { dv[dv_row_end + e] = dv_row[e >> 2u][e & 3]; }
  }
}
