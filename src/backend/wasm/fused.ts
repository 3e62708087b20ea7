/**
 * The binding of fused.wasm, on the memories and tiles of kernel.wasm.
 * @module
 */
import type { Draws } from '../../core/draws.js';
import { type FloatArray, setArray, zero } from '../../core/tensor.js';
import type { Fused } from '../interface.js';
import { type FusedExports, FusedMode } from './exports.js';
import { commonMemory, instantiate, type LinearMemory, tryInstantiate } from './memory.js';
import { fusedModule } from './modules.js';
import { BIAS_TILE, OPERAND_TILE, type Scratch, sizeOf, type Tiles, X_TILE } from './scratch.js';
import type { WasmModule } from './types.js';

/** The arrays of a fused call. In backward, x is dy, out is dx and bias is the gradient of bias. */
interface FusedArrays {
  readonly x: FloatArray;
  readonly bias: FloatArray;
  readonly residual: FloatArray | undefined;
  readonly out: FloatArray;
}

export class WasmFused implements Fused {
  private readonly own: FusedExports;
  private readonly residualTiles: Tiles;
  private readonly biasTiles: Tiles;

  /** @throws the engine's error where it refuses the module */
  constructor(
    private readonly module: WasmModule,
    private readonly scratch: Scratch,
  ) {
    this.own = instantiate(module, scratch);
    this.residualTiles = scratch.tilesAt(OPERAND_TILE);
    this.biasTiles = scratch.tilesAt(BIAS_TILE);
  }

  fused(
    x: FloatArray,
    bias: FloatArray,
    residual: FloatArray | undefined,
    out: FloatArray,
    draws: Draws,
    scale: number,
  ): void {
    const mode = residual ? FusedMode.Residual : FusedMode.Bias;
    this.callFused(mode, { x, bias, residual, out }, draws, scale);
  }

  fusedBackward(dy: FloatArray, dx: FloatArray, dbias: FloatArray, draws: Draws, scale: number): void {
    // The gradient of a Float16Array bias is summed in f32.
    const sums = dbias.BYTES_PER_ELEMENT === 2 ? new Float32Array(dbias.length) : dbias;
    this.callFused(FusedMode.Backward, { x: dy, bias: sums, residual: undefined, out: dx }, draws, scale);
    if (sums !== dbias) setArray(dbias, sums);
  }

  private callFused(mode: FusedMode, arrays: FusedArrays, draws: Draws, scale: number): void {
    const { x, bias, residual = x, out } = arrays;
    const memory = commonMemory(x, out, bias, residual);
    const inPlace = memory && this.on(memory);
    // After commonMemory, which may throw.
    if (mode === FusedMode.Backward) zero(bias);
    if (!inPlace) {
      this.fusedThroughTiles(mode, arrays, draws, scale);
      return;
    }
    const { key, offset, P } = draws;
    const [src, row, added, dst] = [x.byteOffset, bias.byteOffset, residual.byteOffset, out.byteOffset];
    const isF64 = Number(x.BYTES_PER_ELEMENT === 8);
    const [lo, hi] = [key.lo | 0, key.hi | 0];
    inPlace.fused(mode, src, row, added, dst, x.length, bias.length, 0, isF64, lo, hi, offset, 0, P, scale);
  }

  private fusedThroughTiles(
    mode: FusedMode,
    { x, bias, residual, out }: FusedArrays,
    { key, offset, P }: Draws,
    scale: number,
  ): void {
    const { fused } = this.own;
    const size = sizeOf(x);
    const isF64 = Number(size === 8);
    const [lo, hi] = [key.lo | 0, key.hi | 0];
    const tile = this.scratch.x[size];
    const residualTile = this.residualTiles[size];
    const biasTile = this.biasTiles[size];
    const { length: features } = bias;
    // A bias row that fits its tile is loaded once. For a longer row, each piece of x loads its own part.
    const fits = features <= biasTile.length;
    if (fits) biasTile.load(bias, 0, features);
    for (let i = 0, n = 0; i < x.length; i += n) {
      const column = i % features;
      n = tile.load(x, i, fits ? x.length - i : Math.min(x.length - i, features - column));
      if (residual) residualTile.load(residual, i, n);
      if (!fits) biasTile.load(bias, column, n);
      const [width, first] = fits ? [features, column] : [n, 0];
      fused(mode, X_TILE, BIAS_TILE, OPERAND_TILE, X_TILE, n, width, first, isF64, lo, hi, offset, i, P, scale);
      tile.store(out, i, n);
      if (!fits && mode === FusedMode.Backward) biasTile.store(bias, column, n);
    }
    if (fits && mode === FusedMode.Backward) biasTile.store(bias, 0, features);
  }

  /** The exports on a memory; undefined if the engine refuses it. */
  private on(memory: LinearMemory): FusedExports | undefined {
    memory.fused ??= tryInstantiate<FusedExports>(this.module, fusedModule, memory);
    return memory.fused;
  }
}
