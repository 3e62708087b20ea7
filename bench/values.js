/**
 * Fills x with values of the magnitude of activations: no zeros, and none that turns denormal.
 *
 * @template {Float32Array | number[]} X
 * @param {X} x
 */
export function filled(x) {
  for (let i = 0; i < x.length; i++) x[i] = ((i % 1000) + 1) / 500 - 1.0005;
  return x;
}
