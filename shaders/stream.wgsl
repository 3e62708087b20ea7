// The mask stream, version 1 (docs/SPEC.md), on 32-bit integers, whose arithmetic WGSL defines exactly. The same for
// WebAssembly is assembly/stream.ts. SplitMix64 seeds the lanes of a block, xorshift128+ steps them, and a 16-bit
// threshold turns their output into flags.
//
//   block    4096 elements, seeded independently of other blocks, from 17 words w[0 ... 16]
//   step     32 elements: one 64-bit output of each of the eight lanes, 128 steps for each block
//
//            lane 0   lane 1   lane 2   lane 3   lane 4   lane 5   lane 6   lane 7
//   element  0...3    4...7    8...11   12...15  16...19  20...23  24...27  28...31
//
// A 64-bit word is a vec2u, low half first. The state of a lane, s0 and s1, is a vec4u.

/// A call, or a part of it. The parts of long calls run one after another.
struct Call {
  /// The state of SplitMix64 before word 0 of the first block.
  base: vec2u,
  /// The drop probability in units of 2^-32, 0 ... 2^32: its low 16 bits and the bits above.
  P: vec2u,
  /// The bits of the f32 1 / (1 - p).
  scale: u32,
  /// The place of element 0 in the first block.
  first: u32,
  /// The number of elements.
  n: u32,
  /// Where x and out start in the buffers that are bound, in elements.
  xStart: u32,
  outStart: u32,
}

/// The increment of SplitMix64: 2^64 divided by the golden ratio, rounded to an odd integer.
const GAMMA = vec2u(0x7f4a7c15u, 0x9e3779b9u);

fn add64(a: vec2u, b: vec2u) -> vec2u {
  let low = a.x + b.x;
  return vec2u(low, a.y + b.y + u32(low < a.x));
}

/// The high half of a 64-bit product.
fn multiplyHigh(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let middle = a1 * b0 + ((a0 * b0) >> 16u);
  let carry = a0 * b1 + (middle & 0xffffu);
  return a1 * b1 + (middle >> 16u) + (carry >> 16u);
}

fn multiply64(a: vec2u, b: vec2u) -> vec2u {
  return vec2u(a.x * b.x, multiplyHigh(a.x, b.x) + a.y * b.x + a.x * b.y);
}

/// z ^ (z >> n), for n from 1 to 31.
fn xorShift(z: vec2u, n: u32) -> vec2u {
  return z ^ vec2u((z.x >> n) | (z.y << (32u - n)), z.y >> n);
}

/// The SplitMix64 finalizer.
fn mix64(a: vec2u) -> vec2u {
  var z = multiply64(xorShift(a, 30u), vec2u(0x1ce4e5b9u, 0xbf58476du));
  z = multiply64(xorShift(z, 27u), vec2u(0x133111ebu, 0x94d049bbu));
  return xorShift(z, 31u);
}

/// Word j of a block, which is counted from the first block of the call.
fn blockWord(base: vec2u, block: u32, j: u32) -> vec2u {
  return mix64(add64(base, multiply64(vec2u(17u * block + j + 1u, 0u), GAMMA)));
}

/// The initial state of a lane.
fn seedLane(base: vec2u, block: u32, lane: u32) -> vec4u {
  return vec4u(blockWord(base, block, lane), blockWord(base, block, 8u + lane));
}

/// T, 0 ... 65536. Word 16 of the block rounds P at random, which makes the probability exact.
fn threshold(base: vec2u, block: u32, P: vec2u) -> u32 {
  return P.y + ((P.x + (blockWord(base, block, 16u).y >> 16u)) >> 16u);
}

/// The state one step on: xorshift128+ with the shifts 23, 18 and 5.
fn nextState(s: vec4u) -> vec4u {
  let t = s.xy ^ vec2u(s.x << 23u, (s.y << 23u) | (s.x >> 9u));
  return vec4u(s.zw, xorShift(t, 18u) ^ xorShift(s.zw, 5u));
}

/// The flags of the four elements that the output of a lane serves, one bit each; 1 = kept.
fn keepFlags(s: vec4u, T: u32) -> u32 {
  // SPEC compares u ^ 0x8000 with T, for each 16-bit piece u.
  let u = add64(s.xy, s.zw) ^ vec2u(0x80008000u);
  return u32((u.x & 0xffffu) >= T) | (u32((u.x >> 16u) >= T) << 1u)
    | (u32((u.y & 0xffffu) >= T) << 2u) | (u32((u.y >> 16u) >= T) << 3u);
}

/// The flags of eight steps of a lane, step 0 in the low 4 bits. Moves the state on.
fn drawFlags(state: ptr<function, vec4u>, T: u32) -> u32 {
  var flags = 0u;
  for (var bit = 0u; bit < 32u; bit += 4u) {
    *state = nextState(*state);
    flags |= keepFlags(*state, T) << bit;
  }
  return flags;
}

/// Where the flags of four elements lie: those of eight steps of a lane in a word, with the lanes side by side, so that
/// neighboring invocations write and read neighboring words. A quad is four elements, counted from the first block.
///
///   word     block · 128 + ⌊step / 8⌋ · 8 + lane
///   bits     4 · (step % 8) ... + 3
fn flagWord(quad: u32) -> u32 {
  return (quad >> 10u) * 128u + ((quad >> 6u) & 15u) * 8u + (quad & 7u);
}
fn flagShift(quad: u32) -> u32 {
  return ((quad >> 3u) & 7u) * 4u;
}
