/**
 * The exports of the modules as a team of threads makes them: each call cut into calls on parts of its arrays.
 *
 * Cuts lie where blocks of the stream begin, so that nothing is drawn twice, and for bit masks where bytes do.
 * @module
 */

import { FusedPass, type Home, Sink } from '../backend/wasm/memory.js';
import type { WasmMemory } from '../backend/wasm/types.js';
import type { Team } from './pool.js';
import { type Exports, Fn } from './queue.js';

const BLOCK = 4096;

/** Elements to a piece: 2.5 µs and 64 KB of f32. */
const PIECE = 16384;

/** How many times the work of dropout an element takes there: 0.43 and 0.76 ns against 0.14. */
const FUSED = 2;
const NOISE = 4;

/** How many times that a piece may be: 0.6 ms of work, far from what counts as dead, in less calls than a list holds. */
const LARGEST = 256;

/**
 * Calls `each` for pieces of n elements, multiples of `most`, the first one less `behind`: so many elements of its block
 * of the stream lie before it. Large pieces first, since each costs 0.3 µs, and small ones last, for all to end at once.
 */
function cut(threads: number, n: number, most: number, behind: number, each: (at: number, n: number) => void): void {
  for (let at = 0, to = -behind; at < n; at = to) {
    to += most * Math.min(LARGEST, Math.max(1, Math.floor((n - at) / (2 * threads * most))));
    each(at, Math.min(n, to) - at);
  }
}

/** Elements of a block that lie before element offset + first, which together may be more than a number holds. */
const behind = (offset: number, first: number): number => ((offset % BLOCK) + (first % BLOCK)) % BLOCK;

const BYTES = { [Sink.F32]: 4, [Sink.F64]: 8, [Sink.Bytes]: 1, [Sink.Bits]: 1 / 8 };

/** What the wasm binding finds in the home of a SharedArena's memory. */
export const callsHome = (memory: WasmMemory, alone: Exports, team: Team): Home => ({
  memory,
  together: (calls) => team.job(calls),
  kernel: {
    dropout(sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run) {
      const each = repeats * run;
      if (!team.worth(n * each)) {
        alone.dropout(sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run);
        return;
      }
      // Elements of the noise to a piece: whole blocks if there is room for one; of rows that repeat, whole rows.
      const room = Math.max(1, Math.floor(PIECE / each));
      const most =
        repeats > 1 ? row * Math.max(1, Math.floor(room / row)) : room < BLOCK ? room : room - (room % BLOCK);
      const bytes = each * BYTES[sink];
      team.job(() =>
        cut(team.threads, n, most, each > 1 || sink === Sink.Bits ? 0 : behind(offset, first), (at, n) => {
          const x = src + at * bytes;
          const y = dst + at * bytes;
          const from = first + at;
          const stream = [n, lo, hi, offset, from, P] as const;
          team.add(n * each, Fn.Dropout, sink, x, y, ...stream, scale, shift, fill, repeats, row, run);
        }),
      );
    },
  },
  extras: {
    applyMask(src, mask, dst, n, wide, bits, scale, shift, fill) {
      if (!team.worth(n)) {
        alone.applyMask(src, mask, dst, n, wide, bits, scale, shift, fill);
        return;
      }
      const bytes = wide ? 8 : 4;
      team.job(() =>
        cut(team.threads, n, PIECE, 0, (at, n) => {
          const x = src + at * bytes;
          const y = dst + at * bytes;
          team.add(n, Fn.ApplyMask, x, mask + (bits ? at / 8 : at), y, n, +wide, +bits, scale, shift, fill);
        }),
      );
    },
    fused(pass, src, bias, residual, dst, n, features, column, wide, lo, hi, offset, first, P, scale) {
      // The gradient of bias is summed over the rows in their order, which leaves nothing to do side by side.
      if (!team.worth(FUSED * n) || pass === FusedPass.Backward) {
        alone.fused(pass, src, bias, residual, dst, n, features, column, wide, lo, hi, offset, first, P, scale);
        return;
      }
      const bytes = wide ? 8 : 4;
      team.job(() =>
        cut(team.threads, n, PIECE / FUSED, behind(offset, first), (at, n) => {
          const by = at * bytes;
          const rows = [n, features, (column + at) % features, +wide] as const;
          const stream = [lo, hi, offset, first + at, P] as const;
          team.add(FUSED * n, Fn.Fused, pass, src + by, bias, residual + by, dst + by, ...rows, ...stream, scale);
        }),
      );
    },
  },
  gaussian: {
    noise(src, dst, n, wide, additive, lo, hi, offset, first, stddev) {
      if (!team.worth(NOISE * n)) {
        alone.noise(src, dst, n, wide, additive, lo, hi, offset, first, stddev);
        return;
      }
      const bytes = wide ? 8 : 4;
      team.job(() =>
        cut(team.threads, n, PIECE / NOISE, behind(offset, first), (at, n) => {
          const x = src + at * bytes;
          const y = dst + at * bytes;
          team.add(NOISE * n, Fn.Noise, x, y, n, +wide, +additive, lo, hi, offset, first + at, stddev);
        }),
      );
    },
  },
});
