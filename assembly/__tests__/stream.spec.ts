/** The stream against the test vectors of docs/SPEC.md, word by word. */
import { GAMMA, dropFlags, next, threshold, words } from "../stream";

/** Key 0 of seed 1. The words and outputs of its block 0 are in tests/vectors/mask-stream-v1.json. */
const KEY: u64 = 0x910a2dec89025cc1;

/** Word j of block 0. */
function word(j: u64): u64 {
  return i64x2.extract_lane(words(KEY, GAMMA, j), 0);
}

describe("words", () => {
  it("are the outputs of SplitMix64, as are the keys of a seed", () => {
    expect(i64x2.extract_lane(words(0, GAMMA, 0), 0)).toBe(0xe220a8397b1dcdaf);
    expect(i64x2.extract_lane(words(0, GAMMA, 0), 1)).toBe(0x6e789e6aa1b965f4);
    expect(i64x2.extract_lane(words(0, GAMMA, 1), 0)).toBe(0x6e789e6aa1b965f4);
    expect(i64x2.extract_lane(words(1, GAMMA, 0), 0)).toBe(KEY);
  });

  it("are all 0 for base 0 and gamma 0", () => {
    expect(v128.any_true(words(0, 0, 14))).toBe(false);
  });
});

describe("next", () => {
  it("steps lanes 0 and 1 of block 0 to their outputs", () => {
    const a = words(KEY, GAMMA, 0);
    const b = words(KEY, GAMMA, 8);
    const c = next(a, b);
    const first = i64x2.add(b, c);
    expect(i64x2.extract_lane(first, 0)).toBe(0x23a20e06c988078b);
    expect(i64x2.extract_lane(first, 1)).toBe(0xf9017f1c64d641ef);
    const second = i64x2.add(c, next(b, c));
    expect(i64x2.extract_lane(second, 0)).toBe(0xd5f039437d10842f);
    expect(i64x2.extract_lane(second, 1)).toBe(0xb241d627005c539f);
  });

  it("keeps a lane of zeros at zero", () => {
    const zero = i64x2.splat(0);
    expect(v128.any_true(next(zero, zero))).toBe(false);
  });
});

describe("threshold", () => {
  it("rounds P with word 16 of the block", () => {
    expect(word(16)).toBe(0xfb7a1eed586931db);
    // (P + 0xfb7a) >> 16 rounds up if the low half of P is 0x0486 or more.
    expect(threshold(KEY, 0x80000485)).toBe(0x8000 - 32768);
    expect(threshold(KEY, 0x80000486)).toBe(0x8001 - 32768);
  });

  it("runs from T = 0 at P = 0 to T = 65536 at P = 2^32 and just below it", () => {
    expect(threshold(KEY, 0)).toBe(-32768);
    expect(threshold(KEY, 0x100000000)).toBe(32768);
    expect(threshold(KEY, 0xffffffff)).toBe(32768);
  });
});

describe("dropFlags", () => {
  it("compares 16-bit pieces of the sum as signed numbers", () => {
    const flags = dropFlags(i16x8.splat(0), i16x8(-32768, -1, 0, 1, 32767, 5, -5, 0), i16x8.splat(0));
    expect(i16x8.bitmask(flags)).toBe(0b01000011);
    expect(i16x8.extract_lane_s(flags, 0)).toBe(-1);
    expect(i16x8.extract_lane_s(flags, 2)).toBe(0);
  });
});
