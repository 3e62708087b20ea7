// Pass 2 of dropout: kept elements are scaled, dropped ones become +0, whatever they were. An invocation serves a quad,
// the four elements that share an output of a lane. Elements are bits, u32: a GPU may flush denormals that it loads as
// f32, or copies of NaN. The four are computed as a vector, without branches: on a software adapter, conditional loads
// and stores in a loop take twice the time.

@group(0) @binding(0) var<uniform> call: Call;
@group(0) @binding(1) var<storage, read> flags: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<u32>;

/// x · scale, rounded to nearest, ties to even, on integers: WGSL lets an f32 product round up or down, flush denormals
/// and take no infinity for possible. The scale is a normal number of at least 1, unless p = 1 drops all.
///
///   x      1.m · 2^e    24 bits, those of a denormal moved up
///   scale  1.m · 2^e    24 bits, multiplied 8 at a time, so that no sum exceeds 32 bits
///   product             48 bits: `high` has the upper 32, with a leading 1 in bit 31 or 30; the others have the rest
fn scaled(x: vec4u) -> vec4u {
  let magnitude = x & vec4u(0x7fffffffu);
  let isDenormal = magnitude < vec4u(0x800000u);
  let up = select(vec4u(0u), countLeadingZeros(magnitude) - vec4u(8u), isDenormal);
  let m = select((magnitude & vec4u(0x7fffffu)) | vec4u(0x800000u), magnitude << up, isDenormal);
  let s = (call.scale & 0x7fffffu) | 0x800000u;
  let low = m * (s & 0xffu);
  let middle = m * ((s >> 8u) & 0xffu) + (low >> vec4u(8u));
  let high = m * (s >> 16u) + (middle >> vec4u(8u));
  let lead = high >> vec4u(31u);
  // The exponent of the product, as f32 stores it; 0 or less for a denormal.
  let e = vec4i(max(magnitude >> vec4u(23u), vec4u(1u)) + (call.scale >> 23u) + lead) - vec4i(vec4u(127u) + up);
  // The bits of `high` below the mantissa. At most 31, since the product is not smaller than x.
  let cut = vec4u(8 - min(e, vec4i(1))) + lead;
  let mantissa = high >> cut;
  // What is cut off, from bit 31 on, and a 1 if any of the lower bits is set. A tie, 2^31, rounds up an odd mantissa.
  let rest = (high << (32u - cut)) | min((low | middle) & vec4u(0xffu), vec4u(1u));
  let carry = select(vec4u(0u), vec4u(1u), rest + (mantissa & vec4u(1u)) > vec4u(0x80000000u));
  // The leading 1 of a normal mantissa adds 1 to the exponent. What rounds up to 2^24 does so once more.
  let result = (vec4u(max(e, vec4i(1)) - 1) << vec4u(23u)) + mantissa + carry;
  let finite = (x & vec4u(0x80000000u)) | min(result, vec4u(0x7f800000u));
  let quiet = select(x, x | vec4u(0x400000u), magnitude > vec4u(0x7f800000u));
  return select(finite, quiet, magnitude - 1u >= vec4u(0x7f7fffffu));
}

/// A quad. Flag q is that of element q.
fn dropped(x: vec4u, kept: u32) -> vec4u {
  return select(vec4u(0u), scaled(x), (vec4u(kept) & vec4u(1u, 2u, 4u, 8u)) != vec4u(0u));
}

/// Writes the elements of a quad that belong to the call. Element 0 of the quad is i, which wraps to a large number
/// before element 0 of the call.
fn write(i: u32, y: vec4u) {
  let o = call.outStart + i;
  if (i < call.n) { out[o] = y.x; }
  if (i + 1u < call.n) { out[o + 1u] = y.y; }
  if (i + 2u < call.n) { out[o + 2u] = y.z; }
  if (i + 3u < call.n) { out[o + 3u] = y.w; }
}

/// x and out lie in two buffers.
@compute @workgroup_size(64)
fn between(@builtin(global_invocation_id) id: vec3u) {
  let quad = call.first / 4u + id.x;
  let i = quad * 4u - call.first;
  let at = call.xStart + i;
  // Loads beside the call may give any value, which is not written.
  let loaded = vec4u(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
  write(i, dropped(loaded, flags[flagWord(quad)] >> flagShift(quad)));
}

/// x and out lie in the same buffer, which WebGPU allows to be bound only once if it is written. Loads beside the call
/// would race with what other invocations write.
@compute @workgroup_size(64)
fn within(@builtin(global_invocation_id) id: vec3u) {
  let quad = call.first / 4u + id.x;
  let i = quad * 4u - call.first;
  let at = call.xStart + i;
  var loaded = vec4u();
  if (i < call.n) { loaded.x = out[at]; }
  if (i + 1u < call.n) { loaded.y = out[at + 1u]; }
  if (i + 2u < call.n) { loaded.z = out[at + 2u]; }
  if (i + 3u < call.n) { loaded.w = out[at + 3u]; }
  write(i, dropped(loaded, flags[flagWord(quad)] >> flagShift(quad)));
}
