// top_product_pick_2
// score[batch 1, time 128, o 2, h 2, half 2, n 32] -> pick[batch 1, time 128, o 2, h 2, k 3]
// the 3 largest of 32 x 32 sums
// Implements layers.{0..3}.ffn.pick.
// Work: 37.4 kFLOP, 137 kB moved.

@group(0) @binding(0) var<storage, read> score: array<f32, 32768>;
@group(0) @binding(1) var<storage, read_write> pick: array<i32, 1536>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let row = i32(group.x) * 64 + i32(lane_index);
  if (row >= 512) { return; }
  var first_value: array<f32, 3>;
  var first_index: array<i32, 3>;
  for (var i = 0; i < 3; i++) { first_index[i] = -1; }
  for (var n = 0; n < 32; n++) {
    var value = score[row * 64 + n];
    var index = n;
    var placed = false;
    if (first_index[2] < 0 || value > first_value[2]) {
      for (var i = 0; i < 3; i++) {
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
  var second_value: array<f32, 3>;
  var second_index: array<i32, 3>;
  for (var i = 0; i < 3; i++) { second_index[i] = -1; }
  for (var n = 0; n < 32; n++) {
    var value = score[row * 64 + n + 32];
    var index = n;
    var placed = false;
    if (second_index[2] < 0 || value > second_value[2]) {
      for (var i = 0; i < 3; i++) {
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
  var best_value: array<f32, 3>;
  var best_index: array<i32, 3>;
  for (var i = 0; i < 3; i++) { best_index[i] = -1; }
  for (var r = 0; r < 3; r++) {
    for (var s = 0; s < min(3, 3 / (r + 1)); s++) {
      var value = first_value[r] + second_value[s];
      var index = first_index[r] * 32 + second_index[s];
      var placed = false;
      if (best_index[2] < 0 || value > best_value[2] || (value == best_value[2] && index < best_index[2])) {
        for (var i = 0; i < 3; i++) {
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
  for (var i = 0; i < 3; i++) { pick[row * 3 + i] = best_index[i]; }
}
