/** The stream's lanes, read through masks. It imports neither Node nor vitest. */

/**
 * Bisects the outputs of n lanes from the masks of their 4n elements. With P = T·2^16 − rounding, the threshold of the
 * block is exactly T, and the mask keeps the elements whose 16-bit piece, with its top bit flipped, is at least T.
 *
 * @param rounding the top 16 bits of the block's rounding word
 * @param maskAt the mask, one byte per element, for a drop probability of P / 2^32
 */
export function lanes(n: number, rounding: number, maskAt: (P: number) => Uint8Array): bigint[] {
  const pieces = new Array<number>(4 * n).fill(0);
  for (let bit = 2 ** 15; bit >= 1; bit /= 2)
    for (const T of new Set(pieces.map((piece) => piece + bit))) {
      const kept = maskAt(T * 65536 - rounding);
      pieces.forEach((piece, i) => {
        if (piece + bit === T && kept[i]) pieces[i] = T;
      });
    }
  return Array.from({ length: n }, (_, lane) =>
    [0, 1, 2, 3].reduce((word, q) => word | (BigInt(pieces[4 * lane + q]! ^ 0x8000) << BigInt(16 * q)), 0n),
  );
}
