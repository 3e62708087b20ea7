// Pass 1 of a call: draws the flags of whole blocks, n / 8 bytes, for dropout.wgsl or mask.wgsl. An invocation draws a
// lane of a block. A lane is one dependency chain of 128 steps, but there are eight for every 4096 elements.

@group(0) @binding(0) var<uniform> call: Call;
@group(0) @binding(1) var<storage, read_write> flags: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let block = id.x / 8u;
  let lane = id.x % 8u;
  if (block * 4096u >= call.first + call.n) { return; }
  let T = threshold(call.base, block, call.P);
  var state = seedLane(call.base, block, lane);
  for (var eighth = 0u; eighth < 16u; eighth++) {
    flags[block * 128u + eighth * 8u + lane] = drawFlags(&state, T);
  }
}
