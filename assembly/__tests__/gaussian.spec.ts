/** The quantile against values of the normal distribution, and what the noise is made into. */
import { noise } from "../noise";
import { quantile } from "../quantile";

function z(v: u32): f32 {
  return f32x4.extract_lane(quantile(i32x4.splat(v)), 0);
}

describe("quantile", () => {
  it("is that of the normal distribution, in the centre and in the tails", () => {
    expect(z(0xc0000000)).toBeCloseTo(0.6744897501960817, 4); // 3/4
    expect(z(0xfd70a3d7)).toBeCloseTo(2.3263478740408408, 4); // 0.99
    expect(z(0xfff97247)).toBeCloseTo(3.719016485455709, 4); // 0.9999
    expect(z(0xffffffff)).toBeCloseTo(6.337957754553789, 4); // 1 - 2^-33
    expect(z(0x80000000)).toBeCloseTo(0, 6);
  });

  it("is odd: ~v has the other sign", () => {
    for (let v: u32 = 1; v; v = v < 0x80000000 ? v * 2 : 0)
      expect(reinterpret<u32>(z(~v))).toBe(reinterpret<u32>(z(v)) ^ 0x80000000);
  });

  it("gives each lane what it gives alone, tails beside none", () => {
    const mixed = quantile(i32x4(0x10, 0x80001000, 0xffffff00, 0x30000000));
    expect(f32x4.extract_lane(mixed, 0)).toBe(z(0x10));
    expect(f32x4.extract_lane(mixed, 1)).toBe(z(0x80001000));
    expect(f32x4.extract_lane(mixed, 2)).toBe(z(0xffffff00));
    expect(f32x4.extract_lane(mixed, 3)).toBe(z(0x30000000));
  });
});

describe("noise", () => {
  it("of the whole is that of its pieces, of f32 that of f64, and nothing else is written", () => {
    const n = 200;
    const whole = heap.alloc(4 * n);
    const pieces = heap.alloc(4 * n + 8);
    const wide = heap.alloc(8 * n);
    memory.fill(whole, 0, 4 * n);
    memory.fill(wide, 0, 8 * n);
    memory.fill(pieces, 0, 4 * n);
    store<u64>(pieces + 4 * n, 0xa5a5a5a5a5a5a5a5);
    noise(whole, whole, n, false, true, 1, 2, 2000, 0, 1);
    noise(wide, wide, n, true, true, 1, 2, 2000, 0, 1);
    noise(pieces, pieces, 37, false, true, 1, 2, 2000, 0, 1);
    noise(pieces + 4 * 37, pieces + 4 * 37, n - 37, false, true, 1, 2, 2000, 37, 1);
    for (let i = 0; i < n; ++i) {
      expect(load<f32>(pieces + 4 * i)).toBe(load<f32>(whole + 4 * i));
      expect(load<f64>(wide + 8 * i)).toBe(f64(load<f32>(whole + 4 * i)));
    }
    expect(load<u64>(pieces + 4 * n)).toBe(0xa5a5a5a5a5a5a5a5);
  });
});
