// Pass 2 of dropout: kept elements are scaled, dropped ones become +0, whatever they were. An invocation serves a quad,
// the four elements that share an output of a lane. Elements are bits, u32: a GPU may flush denormals that it loads as
// f32, or copies of NaN.

@group(0) @binding(0) var<uniform> call: Call;
@group(0) @binding(1) var<storage, read> flags: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<u32>;

/// x · scale, rounded to nearest, ties to even, on integers: WGSL lets an f32 product round up or down, flush denormals
/// and take no infinity for possible. The scale is a normal number of at least 1. A NaN stays a NaN.
///
///   x      1.m · 2^e    24 bits, those of a denormal moved up
///   scale  1.m · 2^e    24 bits, multiplied 8 at a time, so that no sum exceeds 32 bits
///   product             48 bits: `high` has the upper 32, with a leading 1 in bit 31 or 30; `low` the other 16
fn scaled(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  if (magnitude == 0u || magnitude >= 0x7f800000u) {
    return select(x, x | 0x400000u, magnitude > 0x7f800000u);
  }
  let isDenormal = magnitude < 0x800000u;
  let up = select(0u, countLeadingZeros(magnitude) - 8u, isDenormal);
  let m = select((magnitude & 0x7fffffu) | 0x800000u, magnitude << up, isDenormal);
  let s = (call.scale & 0x7fffffu) | 0x800000u;
  let low = m * (s & 0xffu);
  let middle = m * ((s >> 8u) & 0xffu) + (low >> 8u);
  let high = m * (s >> 16u) + (middle >> 8u);
  let lead = high >> 31u;
  // The exponent of the product, as f32 stores it; 0 or less for a denormal.
  let e = i32(max(magnitude >> 23u, 1u) + (call.scale >> 23u) + lead) - i32(127u + up);
  // The bits of `high` below the mantissa. Never more than 31, since the product is not smaller than x.
  let cut = u32(8 - min(e, 1)) + lead;
  let mantissa = high >> cut;
  let rest = high & ((1u << cut) - 1u);
  let half = 1u << (cut - 1u);
  let isOdd = (mantissa & 1u) != 0u;
  let isAbove = rest > half || (rest == half && ((low | middle) & 0xffu) != 0u);
  let carry = u32(isAbove || (rest == half && isOdd));
  // The leading 1 of a normal mantissa adds 1 to the exponent. What rounds up to 2^24 does so once more.
  let result = (u32(max(e, 1) - 1) << 23u) + mantissa + carry;
  return (x & 0x80000000u) | min(result, 0x7f800000u);
}

fn dropped(x: u32, flags: u32, q: u32) -> u32 {
  return select(0u, scaled(x), ((flags >> q) & 1u) != 0u);
}

/// x and out lie in two buffers.
@compute @workgroup_size(64)
fn between(@builtin(global_invocation_id) id: vec3u) {
  let quad = call.first / 4u + id.x;
  let kept = flags[flagWord(quad)] >> flagShift(quad);
  for (var q = 0u; q < 4u; q++) {
    // Wraps to a large number before element 0.
    let i = quad * 4u + q - call.first;
    if (i < call.n) { out[call.outStart + i] = dropped(x[call.xStart + i], kept, q); }
  }
}

/// x and out lie in the same buffer, which WebGPU allows to be bound only once if it is written.
@compute @workgroup_size(64)
fn within(@builtin(global_invocation_id) id: vec3u) {
  let quad = call.first / 4u + id.x;
  let kept = flags[flagWord(quad)] >> flagShift(quad);
  for (var q = 0u; q < 4u; q++) {
    let i = quad * 4u + q - call.first;
    if (i < call.n) { out[call.outStart + i] = dropped(out[call.xStart + i], kept, q); }
  }
}
