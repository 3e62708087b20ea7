/**
 * Bits of results that need every module of a backend, a number for each call.
 *
 * @param {Pick<typeof import('dropout-wasm'), 'applyMask' | 'biasDropoutResidualBackward' | 'dropout' | 'gaussianNoise'
 *   | 'mask'>} pkg
 * @param {(n: number) => Float32Array} create returns the array that the calls work on
 */
export function bitsOfResults(
  { applyMask, biasDropoutResidualBackward, dropout, gaussianNoise, mask },
  create = (n) => new Float32Array(n),
) {
  const options = { p: 0.4, key: 5n };
  const x = create(5000);
  for (let i = 0; i < x.length; i++) x[i] = Math.sin(i) * 3;
  const results = [
    dropout(x, options),
    dropout({ data: x, shape: [50, 100] }, { ...options, noiseShape: [50, 1] }).data,
    applyMask(x, mask(5000, options), { p: 0.4 }),
    biasDropoutResidualBackward(x, { ...options, features: 50 }).dbias,
    gaussianNoise(x, { stddev: 1, key: 5n }),
  ];
  return results.map((result) => new Uint32Array(result.slice().buffer).reduce((a, b) => Math.imul(a ^ b, 16777619)));
}
