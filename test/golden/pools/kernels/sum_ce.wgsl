// sum_ce
// targets[batch 8, time 128], nll[batch 8, time 128], nll_2[batch 8, time 128], nll_3[batch 8, time 128] -> ce[]
// Implements loss.ce.
// Work: 7.17 kFLOP, 16.4 kB moved.

@group(0) @binding(0) var<storage, read> targets: array<i32, 1024>;
@group(0) @binding(1) var<storage, read> nll: array<f32, 1024>;
@group(0) @binding(2) var<storage, read> nll_2: array<f32, 1024>;
@group(0) @binding(3) var<storage, read> nll_3: array<f32, 1024>;
@group(0) @binding(4) var<storage, read_write> ce: array<f32, 1>;

var<workgroup> sum0_of_lane: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let lane = i32(lane_index);
  let row = i32(group.x);
  var own_sum0 = 0.0;
  for (var batch_time = lane; batch_time < 1024; batch_time += 64) {
    own_sum0 += select(0.0, 1.0, 0 <= targets[batch_time]) * (log(nll[batch_time]) + nll_2[batch_time] - nll_3[batch_time]);
  }
  sum0_of_lane[lane] = own_sum0;
  workgroupBarrier();
  var sum0 = sum0_of_lane[0];
  for (var i = 1; i < 64; i++) { sum0 += sum0_of_lane[i]; }
  if (lane == 0) {
    ce[0] = sum0;
  }
}
