/** Guard bytes around arrays, which show writes out of bounds. It imports no Node and no vitest. */

export const GUARD = 0xa5;

/** Whether every byte of `memory` that belongs to none of the arrays in it is still GUARD. */
export function guardsIntact(memory: Uint8Array, arrays: readonly ArrayBufferView[]): boolean {
  const intact = (from: number, to: number) => memory.subarray(from, to).every((byte) => byte === GUARD);
  let at = 0;
  for (const { byteOffset, byteLength } of [...arrays].sort((a, b) => a.byteOffset - b.byteOffset)) {
    const from = byteOffset - memory.byteOffset;
    if (!intact(at, Math.max(at, from))) return false;
    at = Math.max(at, from + byteLength);
  }
  return intact(at, memory.length);
}
