/** kernel.wasm: what `dropout` writes, and that it writes nothing else. */
import { Sink } from "../dropout";
import { DropoutCall, TWO32, TWO53, get, guarded, isIntact, kept, ramp } from "./support";

describe("dropout", () => {
  it("scales kept f32 elements and writes +0 for dropped ones", () => {
    const src = heap.alloc(4 * 64);
    const dst = guarded(4 * 64);
    for (let i = 0; i < 64; ++i) store<f32>(src + 4 * i, -f32(i) - 1);
    new DropoutCall(Sink.F32, src, dst, 64).invoke();
    for (let i = 0; i < 64; ++i)
      expect(load<u32>(dst + 4 * i)).toBe(kept(i) ? reinterpret<u32>(-2 * (f32(i) + 1)) : 0);
    expect(isIntact(dst, 4 * 64)).toBe(true);
  });

  it("scales and zeroes f64 elements in place, in two chunks, at an address aligned only to 4 bytes", () => {
    const x = guarded(8 * 64, 4);
    ramp(x, 64, true);
    new DropoutCall(Sink.F64, x, x, 27).invoke();
    const second = new DropoutCall(Sink.F64, x + 8 * 27, x + 8 * 27, 37);
    second.offset = 20;
    second.first = 7;
    second.invoke();
    for (let i = 0; i < 64; ++i) expect(load<f64>(x + 8 * i)).toBe(kept(i) ? 2 * (f64(i) + 1) : 0);
    expect(isIntact(x, 8 * 64)).toBe(true);
  });

  it("writes byte masks of 0 and 1", () => {
    const dst = guarded(64, 1);
    new DropoutCall(Sink.Bytes, 0, dst, 64).invoke();
    for (let i = 0; i < 64; ++i) expect(load<u8>(dst + i)).toBe(u8(kept(i)));
    expect(isIntact(dst, 64)).toBe(true);
  });

  it("writes bit masks that start anywhere in a step and clears unused bits of the last byte", () => {
    for (let offset = 0; offset < 28; ++offset) {
      const n = 64 - offset;
      const bytes = (n + 7) >> 3;
      const dst = guarded(bytes, 1);
      const call = new DropoutCall(Sink.Bits, 0, dst, n);
      call.offset = offset;
      call.invoke();
      for (let i = 0; i < 8 * bytes; ++i)
        expect((load<u8>(dst + (i >> 3)) >> (i & 7)) & 1).toBe(u8(i < n && kept(offset + i)));
      expect(isIntact(dst, bytes)).toBe(true);
    }
  });

  it("writes +0 for dropped NaN and infinities", () => {
    const x = heap.alloc(4 * 64);
    for (let i = 0; i < 64; ++i) store<f32>(x + 4 * i, i & 1 ? f32.NaN : -<f32>Infinity);
    new DropoutCall(Sink.F32, x, x, 64).invoke();
    for (let i = 0; i < 64; ++i) if (!kept(i)) expect(load<u32>(x + 4 * i)).toBe(0);
  });

  it("keeps everything for P = 0 and drops everything for P = 2^32", () => {
    const dst = heap.alloc(100);
    const call = new DropoutCall(Sink.Bytes, 0, dst, 100);
    call.P = 0;
    call.invoke();
    for (let i = 0; i < 100; ++i) expect(load<u8>(dst + i)).toBe(1);
    call.P = 4294967296;
    call.invoke();
    for (let i = 0; i < 100; ++i) expect(load<u8>(dst + i)).toBe(0);
  });

  it("starts at element offset + first, a sum that neither u32 nor f64 may hold", () => {
    const whole = heap.alloc(64);
    const part = heap.alloc(63);
    for (let i = 0; i < 2; ++i) {
      const from = i ? TWO53 : TWO32;
      const first = new DropoutCall(Sink.Bytes, 0, whole, 64);
      first.offset = from;
      first.invoke();
      const second = new DropoutCall(Sink.Bytes, 0, part, 63);
      second.offset = 1;
      second.first = from;
      second.invoke();
      expect(memory.compare(part, whole + 1, 63)).toBe(0);
    }
  });

  it("writes nothing for n = 0", () => {
    const dst = guarded(0);
    for (let sink = Sink.F32; sink <= Sink.Bits; ++sink) new DropoutCall(sink, dst, dst, 0).invoke();
    expect(isIntact(dst, 0)).toBe(true);
  });
});

describe("broadcast noise", () => {
  it("applies each flag to a run of elements", () => {
    const n = 5;
    for (let run = 6; run <= 17; ++run) {
      for (let sink = Sink.F32; sink <= Sink.F64; ++sink) {
        const isF64 = sink == Sink.F64;
        const bytes = (isF64 ? 8 : 4) * n * run;
        const x = guarded(bytes);
        ramp(x, n * run, isF64);
        const call = new DropoutCall(sink, x, x, n);
        call.offset = 3;
        call.run = run;
        call.invoke();
        for (let i = 0; i < n * run; ++i) expect(get(x, i, isF64)).toBe(kept(3 + i / run) ? 2 * (f64(i) + 1) : 0);
        expect(isIntact(x, bytes)).toBe(true);
      }
    }
  });

  it("applies a row of flags to every repeat of the row, then takes the next row", () => {
    const rows = 2;
    const repeats = 3;
    const sizes: StaticArray<i32> = [5, 31, 32];
    for (let s = 0; s < sizes.length; ++s) {
      const row = sizes[s];
      const n = rows * repeats * row;
      const x = guarded(8 * n);
      ramp(x, n, true);
      const call = new DropoutCall(Sink.F64, x, x, rows * row);
      call.repeats = repeats;
      call.row = row;
      call.invoke();
      for (let i = 0; i < n; ++i) {
        const noiseElement = (i / (repeats * row)) * row + (i % row);
        expect(load<f64>(x + 8 * i)).toBe(kept(noiseElement) ? 2 * (f64(i) + 1) : 0);
      }
      expect(isIntact(x, 8 * n)).toBe(true);
    }
  });
});
