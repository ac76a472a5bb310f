// inverted_index: counts digit 1 of the rows in each block of 1024 entries.
// 1024 entries over 256 rows
// Implements embed~grad, loss.ce.nll~grad.
// Work: 0 FLOP, 36.9 kB moved.

@group(0) @binding(0) var<storage, read_write> scratch: array<i32, 3105>;

var<workgroup> count_of_lane: array<i32, 2048>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let block = i32(group.x);
  for (var i = lane; i < 2048; i += 64) { count_of_lane[i] = 0; }
  workgroupBarrier();
  for (var i = block * 1024 + lane; i < min((block + 1) * 1024, 1024); i += 64) {
    let key = scratch[1024 + i];
    count_of_lane[((key >> 4u) & 31) * 64 + lane]++;
  }
  workgroupBarrier();
  for (var digit = lane; digit < 32; digit += 64) {
    var sum = 0;
    for (var i = 0; i < 64; i++) { sum += count_of_lane[digit * 64 + i]; }
    scratch[3072 + digit * 1 + block] = sum;
  }
}
