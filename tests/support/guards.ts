/** Guard bytes around arrays, which show writes out of bounds. It imports neither Node nor vitest. */

export const GUARD = 0xa5;

/** Whether every byte of `memory` outside the given arrays is still GUARD. The arrays lie in `memory`, or in a copy. */
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
