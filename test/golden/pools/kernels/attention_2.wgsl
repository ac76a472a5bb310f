// attention_2
// batch 1, time 128, heads 4 in 4 groups, widths 32 and 32
// Implements layers.{0..3}.attention.mixed.
// Work: 4.39 MFLOP, 264 kB moved.

@group(0) @binding(0) var<storage, read> q: array<f32, 16384>;
@group(0) @binding(1) var<storage, read> k: array<f32, 16384>;
@group(0) @binding(2) var<storage, read> v: array<f32, 16384>;
@group(0) @binding(3) var<storage, read_write> out: array<f32, 16384>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32, 512>;

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
  var sum: array<vec4f, 8>;
  var highest = -3.4028234663852886e38;
  var total = 0.0;
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
      let score = product * 0.17677669529663687;
      if (score > highest) {
        let shrink = exp(highest - score);
        total *= shrink;
        for (var e = 0; e < 8; e++) { sum[e] *= shrink; }
        highest = score;
      }
      let weight = exp(score - highest);
      total += weight;
      for (var e = 0; e < 8; e++) { sum[e] += weight * value_tile[j * 8 + e]; }
    }
  }
  if (query < 128) {
    let scaling = 1.0 / total;
    let sum_end = ((batch * 128 + row) * 4 + head) * 32;
    for (var e = 0; e < 32 * one; e++) { out[sum_end + e] = sum[e >> 2u][e & 3] * scaling; }
    lse[(batch * 128 + row) * 4 + head] = highest + log(total);
  }
}
