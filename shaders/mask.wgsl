// Pass 2 of a mask: element i in bit i % 32 of word i / 32; 1 = kept. An invocation writes a word, whose elements are
// those of eight quads, or nine if they start within one.

@group(0) @binding(0) var<uniform> call: Call;
@group(0) @binding(1) var<storage, read> flags: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

fn quadFlags(quad: u32) -> u32 {
  return (flags[flagWord(quad)] >> flagShift(quad)) & 15u;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x * 32u;
  if (i >= call.n) { return; }
  let quad = (call.first + i) / 4u;
  let skipped = call.first % 4u;
  var bits = quadFlags(quad) >> skipped;
  for (var k = 1u; k < 8u; k++) { bits |= quadFlags(quad + k) << (4u * k - skipped); }
  if (skipped > 0u) { bits |= quadFlags(quad + 8u) << (32u - skipped); }
  // Bits after the last element are 0.
  if (call.n - i < 32u) { bits &= (1u << (call.n - i)) - 1u; }
  out[call.outStart + id.x] = bits;
}
