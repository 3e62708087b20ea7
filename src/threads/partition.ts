/**
 * The exports of the modules on a memory that threads share: each call is cut into calls on parts of its arrays.
 *
 * Where possible, cuts fall on block boundaries of the stream, so that no block is drawn twice. Bit masks are cut on
 * byte boundaries.
 * @module
 */
import { type Draw, type DrawExports, FusedMode, Sink } from '../backend/wasm/exports.js';
import type { LinearMemory } from '../backend/wasm/memory.js';
import type { WasmMemory } from '../backend/wasm/types.js';
import type { WorkerPool } from './pool.js';
import { type Exports, Fn } from './queue.js';

const BLOCK = 4096;

/** Elements in a piece: 2.5 µs and 64 KB of f32. */
const PIECE = 16384;

/** Cost per element relative to dropout, rounded down to a power of two: 0.43 and 0.76 ns against 0.14. */
const FUSED_COST = 2;
const NOISE_COST = 4;

/** The fewest elements that are worth a place in the queue. Slices make a call for each row. */
const MIN_QUEUED = 4096;

/**
 * Pieces that one call may take at once: 0.6 ms of work. That is far below the timeout, and keeps the number of calls
 * below the capacity of the queue.
 */
const MAX_PIECES = 256;

/**
 * Calls `visit` for the pieces of n elements. Piece sizes are multiples of `unit`; the first piece is shorter by
 * `ahead`, the elements of its block that lie before the call. Large pieces come first, since each piece adds 0.3 µs,
 * and small ones last, so that all threads finish at the same time.
 */
function cut(threads: number, n: number, unit: number, ahead: number, visit: (at: number, n: number) => void): void {
  for (let at = 0, end = -ahead; at < n; at = end) {
    end += unit * Math.min(MAX_PIECES, Math.max(1, Math.floor((n - at) / (2 * threads * unit))));
    visit(at, Math.min(n, end) - at);
  }
}

/** Elements of a block that lie before element offset + first. The sum itself may exceed 2^53. */
const aheadOf = (offset: number, first: number): number => ((offset % BLOCK) + (first % BLOCK)) % BLOCK;

const BYTES = { [Sink.F32]: 4, [Sink.F64]: 8, [Sink.Bytes]: 1, [Sink.Bits]: 1 / 8 };

/** The LinearMemory of a SharedArena, for the wasm backend. Small calls run on the calling thread alone. */
export function threadedMemory(memory: WasmMemory, alone: Exports, pool: WorkerPool): LinearMemory {
  const queued: DrawExports = {
    dropout: queuedDraw(pool, Fn.Dropout, alone.dropout),
    affine: queuedDraw(pool, Fn.Affine, alone.affine),
  };
  return {
    memory,
    ready: () => pool.ready(),
    batch(calls) {
      if (pool.threads > 1) pool.run(() => calls(queued));
      else calls(alone);
    },
    kernel: { dropout: sharedDraw(pool, alone.dropout, queued.dropout) },
    extras: {
      affine: sharedDraw(pool, alone.affine, queued.affine),
      applyMask(src, mask, dst, n, isF64, bits, scale, shift, fill) {
        if (!pool.shouldShare(n)) {
          alone.applyMask(src, mask, dst, n, isF64, bits, scale, shift, fill);
          return;
        }
        const bytes = isF64 ? 8 : 4;
        pool.run(() =>
          cut(pool.threads, n, PIECE, 0, (at, n) => {
            const x = src + at * bytes;
            const y = dst + at * bytes;
            pool.add(n, Fn.ApplyMask, x, mask + (bits ? at / 8 : at), y, n, isF64, bits, scale, shift, fill);
          }),
        );
      },
    },
    fused: {
      fused(mode, src, bias, residual, dst, n, features, column, isF64, lo, hi, offset, first, P, scale) {
        // The gradient of bias is summed over the rows in order, so its calls cannot run in parallel.
        if (!pool.shouldShare(FUSED_COST * n) || mode === FusedMode.Backward) {
          alone.fused(mode, src, bias, residual, dst, n, features, column, isF64, lo, hi, offset, first, P, scale);
          return;
        }
        const bytes = isF64 ? 8 : 4;
        pool.run(() =>
          cut(pool.threads, n, PIECE / FUSED_COST, aheadOf(offset, first), (at, n) => {
            const by = at * bytes;
            const rows = [n, features, (column + at) % features, isF64] as const;
            const stream = [lo, hi, offset, first + at, P] as const;
            pool.add(
              FUSED_COST * n,
              Fn.Fused,
              mode,
              src + by,
              bias,
              residual + by,
              dst + by,
              ...rows,
              ...stream,
              scale,
            );
          }),
        );
      },
    },
    gaussian: {
      noise(src, dst, n, isF64, additive, lo, hi, offset, first, stddev) {
        if (!pool.shouldShare(NOISE_COST * n)) {
          alone.noise(src, dst, n, isF64, additive, lo, hi, offset, first, stddev);
          return;
        }
        const bytes = isF64 ? 8 : 4;
        pool.run(() =>
          cut(pool.threads, n, PIECE / NOISE_COST, aheadOf(offset, first), (at, n) => {
            const x = src + at * bytes;
            const y = dst + at * bytes;
            pool.add(NOISE_COST * n, Fn.Noise, x, y, n, isF64, additive, lo, hi, offset, first + at, stddev);
          }),
        );
      },
    },
  };
}

/** A `Draw` that shares its work with the pool where that is worth it. */
const sharedDraw =
  (pool: WorkerPool, alone: Draw, queued: Draw): Draw =>
  (sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run) => {
    if (!pool.shouldShare(n * repeats * run))
      alone(sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run);
    else pool.run(() => queued(sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run));
  };

/** A `Draw` that cuts its calls and queues the pieces. Calls that are too small for the queue run at once. */
const queuedDraw =
  (pool: WorkerPool, fn: Fn, alone: Draw): Draw =>
  (sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run) => {
    const perDraw = repeats * run;
    if (n * perDraw < MIN_QUEUED) {
      alone(sink, src, dst, n, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run);
      return;
    }
    // Draws in a piece: whole blocks if one fits; whole rows where rows repeat.
    const room = Math.max(1, Math.floor(PIECE / perDraw));
    const unit = repeats > 1 ? row * Math.max(1, Math.floor(room / row)) : room < BLOCK ? room : room - (room % BLOCK);
    const bytes = perDraw * BYTES[sink];
    const ahead = perDraw > 1 || sink === Sink.Bits ? 0 : aheadOf(offset, first);
    cut(pool.threads, n, unit, ahead, (at, n) => {
      const x = src + at * bytes;
      const y = dst + at * bytes;
      const stream = [n, lo, hi, offset, first + at, P] as const;
      pool.add(n * perDraw, fn, sink, x, y, ...stream, scale, shift, fill, repeats, row, run);
    });
  };
