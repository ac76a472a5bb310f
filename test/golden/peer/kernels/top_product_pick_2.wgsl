// top_product_pick_2
// score[batch 1, time 128, h 2, half 2, n 32] -> pick[batch 1, time 128, h 2, k 6]
// the 6 largest of 32 x 32 sums
// Implements layers.{0..3}.ffn.pick.
// Work: 25.6 kFLOP, 71.7 kB moved.

@group(0) @binding(0) var<storage, read> score: array<f32, 16384>;
@group(0) @binding(1) var<storage, read_write> pick: array<i32, 1536>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let row = i32(group.x) * 64 + i32(lane_index);
  if (row >= 256) { return; }
  var first_value: array<f32, 6>;
  var first_index: array<i32, 6>;
  for (var i = 0; i < 6; i++) { first_index[i] = -1; }
  for (var n = 0; n < 32; n++) {
    var value = score[row * 64 + n];
    var index = n;
    var placed = false;
    if (first_index[5] < 0 || value > first_value[5]) {
      for (var i = 0; i < 6; i++) {
        if (placed || first_index[i] < 0 || value > first_value[i]) {
          placed = true;
          let next_value = first_value[i];
          let next_index = first_index[i];
          first_value[i] = value;
          first_index[i] = index;
          value = next_value;
          index = next_index;
        }
      }
    }
  }
  var second_value: array<f32, 6>;
  var second_index: array<i32, 6>;
  for (var i = 0; i < 6; i++) { second_index[i] = -1; }
  for (var n = 0; n < 32; n++) {
    var value = score[row * 64 + n + 32];
    var index = n;
    var placed = false;
    if (second_index[5] < 0 || value > second_value[5]) {
      for (var i = 0; i < 6; i++) {
        if (placed || second_index[i] < 0 || value > second_value[i]) {
          placed = true;
          let next_value = second_value[i];
          let next_index = second_index[i];
          second_value[i] = value;
          second_index[i] = index;
          value = next_value;
          index = next_index;
        }
      }
    }
  }
  // A pair of ranks (r, s) can only be chosen where (r + 1) * (s + 1) <= take: all pairs of lower ranks come before it.
  var best_value: array<f32, 6>;
  var best_index: array<i32, 6>;
  for (var i = 0; i < 6; i++) { best_index[i] = -1; }
  for (var r = 0; r < 6; r++) {
    for (var s = 0; s < min(6, 6 / (r + 1)); s++) {
      var value = first_value[r] + second_value[s];
      var index = first_index[r] * 32 + second_index[s];
      var placed = false;
      if (best_index[5] < 0 || value > best_value[5] || (value == best_value[5] && index < best_index[5])) {
        for (var i = 0; i < 6; i++) {
          if (placed || best_index[i] < 0 || value > best_value[i] || (value == best_value[i] && index < best_index[i])) {
            placed = true;
            let next_value = best_value[i];
            let next_index = best_index[i];
            best_value[i] = value;
            best_index[i] = index;
            value = next_value;
            index = next_index;
          }
        }
      }
    }
  }
  for (var i = 0; i < 6; i++) { pick[row * 6 + i] = best_index[i]; }
}
