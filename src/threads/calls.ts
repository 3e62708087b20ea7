/**
 * The exports of the modules as a team of threads makes them: each call cut into calls on parts of its arrays.
 *
 * Cuts lie where blocks of the stream begin, so that nothing is drawn twice, and for bit masks where bytes do.
 * @module
 */
import { type Home, Sink } from '../kernel/memory.js';
import { type Exports, Fn, MOST } from './control.js';
import { type Team, WORTH } from './team.js';

const BLOCK = 4096;

/** Elements to a piece: 5 µs and 128 KB of f32. */
const PIECE = 32768;

/** What the wasm binding finds in the home of a SharedArena's memory. */
export function callsHome(memory: WebAssembly.Memory, alone: Exports, team: Team): Home {
  /** Calls `each` for pieces of n elements, the first one shorter by what a block has behind it where it begins. */
  const cut = (n: number, behind: number, most: number, each: (at: number, n: number) => void): void => {
    // Larger ones of an array that would take more calls than half the list holds.
    const size = most * Math.ceil(n / most / (MOST / 2));
    for (let at = 0, to = size - behind; at < n; at = to, to += size) each(at, Math.min(n, to) - at);
  };
  const small = (elements: number): boolean => elements < WORTH && !team.listing;

  return {
    memory,
    together: (calls) => team.job(calls),
    kernel: {
      dropout(sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run) {
        const each = repeats * run;
        if (small(n * each)) {
          team.check();
          alone.dropout(sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run);
          return;
        }
        const size = sink === Sink.F64 ? 8 : sink === Sink.F32 ? 4 : sink === Sink.Bytes ? 1 : 1 / 8;
        // Noise elements to a piece: whole blocks, or what there is room for, or where rows are repeated, whole rows.
        let most = Math.max(1, Math.floor(PIECE / each));
        if (most > BLOCK) most -= most % BLOCK;
        if (repeats > 1) most = row * Math.max(1, Math.floor(most / row));
        const behind = each === 1 && sink !== Sink.Bits ? ((offset % BLOCK) + (first % BLOCK)) % BLOCK : 0;
        team.job(() =>
          cut(n, behind, most, (at, n) => {
            const by = at * each * size;
            const from = first + at;
            team.add(
              n * each,
              Fn.Dropout,
              sink,
              src + by,
              dst + by,
              n,
              lo,
              hi,
              offset,
              from,
              P,
              scale,
              shift,
              fill,
              repeats,
              row,
              run,
            );
          }),
        );
      },
    },
    extras: {
      applyMask(src, mask, dst, n, wide, bits, scale, shift, fill) {
        if (small(n)) {
          team.check();
          alone.applyMask(src, mask, dst, n, wide, bits, scale, shift, fill);
          return;
        }
        const size = wide ? 8 : 4;
        team.job(() =>
          cut(n, 0, PIECE, (at, n) => {
            const flags = mask + (bits ? at / 8 : at);
            team.add(n, Fn.ApplyMask, src + at * size, flags, dst + at * size, n, +wide, +bits, scale, shift, fill);
          }),
        );
      },
      fused(pass, src, bias, residual, dst, n, features, column, wide, lo, hi, offset, first, P, scale) {
        // TODO backward
        const size = wide ? 8 : 4;
        team.job(() =>
          cut(n, ((offset % BLOCK) + (first % BLOCK)) % BLOCK, PIECE, (at, n) => {
            const by = at * size;
            const col = (column + at) % features;
            team.add(
              n,
              Fn.Fused,
              pass,
              src + by,
              bias,
              residual + by,
              dst + by,
              n,
              features,
              col,
              +wide,
              lo,
              hi,
              offset,
              first + at,
              P,
              scale,
            );
          }),
        );
      },
    },
    gaussian: {
      noise(src, dst, n, wide, additive, lo, hi, offset, first, stddev) {
        const size = wide ? 8 : 4;
        team.job(() =>
          cut(n, ((offset % BLOCK) + (first % BLOCK)) % BLOCK, PIECE, (at, n) => {
            const by = at * size;
            team.add(n, Fn.Noise, src + by, dst + by, n, +wide, +additive, lo, hi, offset, first + at, stddev);
          }),
        );
      },
    },
  };
}
