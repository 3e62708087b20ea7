/** The two exports on real memory: what is written, and that nothing else is. */
import { applyMask, fused } from "../extras";
import { dropout } from "../kernel";
import { Sink } from "../dropout";
import { Pass } from "../fused";

const KEY_LO: u32 = 0x2feb6e95; // key 0 of seed 42
const KEY_HI: u32 = 0xbdd73226;
const HALF: f64 = 2147483648; // p = 0.5 in units of 2^-32
const GUARD: u8 = 0xa5;

// The mask of the vectors for seed 42, position 0, p 0.5, offset 0; element 0 first, 1 = kept.
const KEPT = "1001001011100100100010100001101110000101010011110110101101100111";

function kept(i: i32): bool {
  return KEPT.charCodeAt(i) == 0x31;
}

/** `bytes` of memory full of guard bytes. */
function guarded(bytes: i32): usize {
  const at = heap.alloc(bytes);
  memory.fill(at, GUARD, bytes);
  return at;
}

function guardsHold(from: usize, to: usize): bool {
  for (let at = from; at < to; ++at) if (load<u8>(at) != GUARD) return false;
  return true;
}

describe("dropout", () => {
  it("scales what the stream keeps and writes +0 elsewhere, f32", () => {
    const src = heap.alloc(256);
    const dst = guarded(256 + 32) + 16;
    for (let i = 0; i < 64; ++i) store<f32>(src + 4 * i, -f32(i) - 1);
    dropout(Sink.F32, src, dst, 64, KEY_LO, KEY_HI, 0, 0, HALF, 2, -0.0, 0, 1, 64, 1);
    for (let i = 0; i < 64; ++i)
      expect(load<u32>(dst + 4 * i)).toBe(kept(i) ? reinterpret<u32>(-2 * (f32(i) + 1)) : 0);
    expect(guardsHold(dst - 16, dst)).toBe(true);
    expect(guardsHold(dst + 256, dst + 256 + 16)).toBe(true);
  });

  it("does the same for f64, in place, in two pieces, at an alignment of 4", () => {
    const dst = guarded(520) + 4;
    for (let i = 0; i < 64; ++i) store<f64>(dst + 8 * i, f64(i) + 1);
    dropout(Sink.F64, dst, dst, 27, KEY_LO, KEY_HI, 0, 0, HALF, 2, -0.0, 0, 1, 27, 1);
    dropout(Sink.F64, dst + 8 * 27, dst + 8 * 27, 37, KEY_LO, KEY_HI, 20, 7, HALF, 2, -0.0, 0, 1, 37, 1);
    for (let i = 0; i < 64; ++i) expect(load<f64>(dst + 8 * i)).toBe(kept(i) ? 2 * (f64(i) + 1) : 0);
    expect(guardsHold(dst - 4, dst)).toBe(true);
    expect(guardsHold(dst + 512, dst + 516)).toBe(true);
  });

  it("writes byte masks of 0 and 1", () => {
    const dst = guarded(64 + 2) + 1;
    dropout(Sink.Bytes, 0, dst, 64, KEY_LO, KEY_HI, 0, 0, HALF, 0, -0.0, 0, 1, 64, 1);
    for (let i = 0; i < 64; ++i) expect(load<u8>(dst + i)).toBe(u8(kept(i)));
    expect(guardsHold(dst - 1, dst)).toBe(true);
    expect(guardsHold(dst + 64, dst + 65)).toBe(true);
  });

  it("writes bit masks across the stream's steps and clears the last byte's unused bits", () => {
    for (let offset = 0; offset < 28; ++offset) {
      const n = 64 - offset;
      const bytes = (n + 7) >> 3;
      const dst = guarded(bytes + 2) + 1;
      dropout(Sink.Bits, 0, dst, n, KEY_LO, KEY_HI, offset, 0, HALF, 0, -0.0, 0, 1, n, 1);
      for (let i = 0; i < 8 * bytes; ++i)
        expect((load<u8>(dst + (i >> 3)) >> (i & 7)) & 1).toBe(u8(i < n && kept(offset + i)));
      expect(guardsHold(dst - 1, dst)).toBe(true);
      expect(guardsHold(dst + bytes, dst + bytes + 1)).toBe(true);
    }
  });

  it("drops NaN and infinities to +0", () => {
    const dst = heap.alloc(256);
    for (let i = 0; i < 64; ++i) store<f32>(dst + 4 * i, i & 1 ? f32.NaN : -<f32>Infinity);
    dropout(Sink.F32, dst, dst, 64, KEY_LO, KEY_HI, 0, 0, HALF, 2, -0.0, 0, 1, 64, 1);
    for (let i = 0; i < 64; ++i) if (!kept(i)) expect(load<u32>(dst + 4 * i)).toBe(0);
  });

  it("keeps all for P = 0 and drops all for P = 2^32", () => {
    const dst = heap.alloc(100);
    dropout(Sink.Bytes, 0, dst, 100, KEY_LO, KEY_HI, 0, 0, 0, 0, -0.0, 0, 1, 100, 1);
    for (let i = 0; i < 100; ++i) expect(load<u8>(dst + i)).toBe(1);
    dropout(Sink.Bytes, 0, dst, 100, KEY_LO, KEY_HI, 0, 0, 4294967296, 0, -0.0, 0, 1, 100, 1);
    for (let i = 0; i < 100; ++i) expect(load<u8>(dst + i)).toBe(0);
  });

  it("writes nothing for no elements", () => {
    const dst = guarded(8);
    for (let sink = Sink.F32; sink <= Sink.Bits; ++sink)
      dropout(sink, dst, dst, 0, KEY_LO, KEY_HI, 0, 0, HALF, 2, -0.0, 0, 1, 1, 1);
    expect(guardsHold(dst, dst + 8)).toBe(true);
  });
});

describe("noise that is broadcast", () => {
  it("gives each flag to a run of elements", () => {
    const n = 5;
    const run = 13;
    const dst = guarded(4 * n * run + 8);
    for (let i = 0; i < n * run; ++i) store<f32>(dst + 4 * i, f32(i) + 1);
    dropout(Sink.F32, dst, dst, n, KEY_LO, KEY_HI, 3, 0, HALF, 2, -0.0, 0, 1, n, run);
    for (let i = 0; i < n * run; ++i)
      expect(load<f32>(dst + 4 * i)).toBe(kept(3 + i / run) ? 2 * (f32(i) + 1) : 0);
    expect(guardsHold(dst + 4 * n * run, dst + 4 * n * run + 8)).toBe(true);
  });

  it("gives a row of flags to repeats of the row, then goes on with the next", () => {
    const rows = 2;
    const repeats = 3;
    for (let row = 5; row <= 32; row += 27) {
      const n = rows * repeats * row;
      const dst = guarded(8 * n + 8);
      for (let i = 0; i < n; ++i) store<f64>(dst + 8 * i, f64(i) + 1);
      dropout(Sink.F64, dst, dst, rows * row, KEY_LO, KEY_HI, 0, 0, HALF, 2, -0.0, 0, repeats, row, 1);
      for (let i = 0; i < n; ++i) {
        const noise = (i / (repeats * row)) * row + (i % row);
        expect(load<f64>(dst + 8 * i)).toBe(kept(noise) ? 2 * (f64(i) + 1) : 0);
      }
      expect(guardsHold(dst + 8 * n, dst + 8 * n + 8)).toBe(true);
    }
  });
});

describe("scale, shift and fill", () => {
  it("make kept elements a line and dropped ones a value, NaN or not", () => {
    const dst = heap.alloc(4 * 64);
    for (let i = 0; i < 64; ++i) store<f32>(dst + 4 * i, i & 1 ? f32(i) : f32.NaN);
    dropout(Sink.F32, dst, dst, 64, KEY_LO, KEY_HI, 0, 0, HALF, 2, 0.5, -3, 1, 64, 1);
    for (let i = 0; i < 64; ++i) {
      const y = load<f32>(dst + 4 * i);
      if (!kept(i)) expect(y).toBe(-3);
      else if (i & 1) expect(y).toBe(2 * f32(i) + 0.5);
      else expect(y).toBeNaN();
    }
  });
});

describe("fused", () => {
  it("adds bias before and residual after, and sums the gradient's rows", () => {
    const features = 7;
    const n = 3 * features;
    const x = heap.alloc(4 * n);
    const bias = heap.alloc(4 * features);
    const residual = heap.alloc(4 * n);
    const dst = guarded(4 * n + 8);
    for (let i = 0; i < n; ++i) {
      store<f32>(x + 4 * i, f32(i));
      store<f32>(residual + 4 * i, 100);
    }
    for (let j = 0; j < features; ++j) store<f32>(bias + 4 * j, 0.5);
    fused(Pass.Residual, x, bias, residual, dst, n, features, 0, false, KEY_LO, KEY_HI, 0, 0, HALF, 2);
    for (let i = 0; i < n; ++i) expect(load<f32>(dst + 4 * i)).toBe(kept(i) ? 101 + 2 * f32(i) : 100);
    fused(Pass.Bias, x, bias, 0, dst, n, features, 0, false, KEY_LO, KEY_HI, 0, 0, HALF, 2);
    for (let i = 0; i < n; ++i) expect(load<f32>(dst + 4 * i)).toBe(kept(i) ? 1 + 2 * f32(i) : 0);
    memory.fill(bias, 0, 4 * features);
    fused(Pass.Backward, x, bias, 0, dst, n, features, 0, false, KEY_LO, KEY_HI, 0, 0, HALF, 2);
    for (let j = 0; j < features; ++j) {
      let sum: f32 = 0;
      for (let i = j; i < n; i += features) if (kept(i)) sum += 2 * f32(i);
      expect(load<f32>(bias + 4 * j)).toBe(sum);
    }
    expect(guardsHold(dst + 4 * n, dst + 4 * n + 8)).toBe(true);
  });
});

describe("applyMask", () => {
  it("selects by bytes and by bits, f32 and f64", () => {
    const n = 21;
    const bytes = heap.alloc(n);
    const bits = heap.alloc(3);
    dropout(Sink.Bytes, 0, bytes, n, KEY_LO, KEY_HI, 0, 0, HALF, 0, -0.0, 0, 1, n, 1);
    dropout(Sink.Bits, 0, bits, n, KEY_LO, KEY_HI, 0, 0, HALF, 0, -0.0, 0, 1, n, 1);
    for (let wide = 0; wide < 2; ++wide) {
      const size = wide ? 8 : 4;
      const src = heap.alloc(n * size);
      for (let i = 0; i < n; ++i) {
        const x: f64 = i % 3 ? f64(i) : NaN;
        if (wide) store<f64>(src + 8 * i, x);
        else store<f32>(src + 4 * i, f32(x));
      }
      const dst = guarded(n * size + 8);
      for (let isBits = 0; isBits < 2; ++isBits) {
        applyMask(src, isBits ? bits : bytes, dst, n, bool(wide), bool(isBits), 1.25, -0.0, 0);
        for (let i = 0; i < n; ++i) {
          const y = wide ? load<f64>(dst + 8 * i) : f64(load<f32>(dst + 4 * i));
          if (kept(i) && i % 3 == 0) expect(y).toBeNaN();
          else expect(y).toBe(kept(i) ? f64(i) * 1.25 : 0);
        }
        expect(guardsHold(dst + n * size, dst + n * size + 8)).toBe(true);
      }
    }
  });
});
