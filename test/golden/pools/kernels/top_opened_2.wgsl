// top_opened_2
// route[batch 1, time 128, pool 8] -> opened[batch 1, time 128, o 2]
// the 2 largest of 8
// Implements layers.{0..3}.ffn.opened.
// Work: 1.02 kFLOP, 5.12 kB moved.

@group(0) @binding(0) var<storage, read> route: array<f32, 1024>;
@group(0) @binding(1) var<storage, read_write> opened: array<i32, 256>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let row = i32(group.x) * 64 + i32(lane_index);
  if (row >= 128) { return; }
  var best_value: array<f32, 2>;
  var best_index: array<i32, 2>;
  for (var i = 0; i < 2; i++) { best_index[i] = -1; }
  for (var n = 0; n < 8; n++) {
    var value = route[row * 8 + n];
    var index = n;
    var placed = false;
    if (best_index[1] < 0 || value > best_value[1]) {
      for (var i = 0; i < 2; i++) {
        if (placed || best_index[i] < 0 || value > best_value[i]) {
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
  for (var i = 0; i < 2; i++) { opened[row * 2 + i] = best_index[i]; }
}
