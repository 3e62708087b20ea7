/** The loops that people write by hand. */

/**
 * @param {Float32Array} x
 * @param {Float32Array} out
 * @param {number} p
 */
export function mathRandomLoop(x, out, p) {
  const scale = 1 / (1 - p);
  for (let i = 0; i < x.length; i++) out[i] = Math.random() < p ? 0 : /** @type {number} */ (x[i]) * scale;
}

/**
 * A forward that stores its mask for `backwardLoop`.
 *
 * @param {Float32Array} x
 * @param {Float32Array} out
 * @param {Uint8Array} mask
 * @param {number} p
 */
export function storingLoop(x, out, mask, p) {
  const scale = 1 / (1 - p);
  for (let i = 0; i < x.length; i++) {
    const kept = Math.random() < p ? 0 : 1;
    mask[i] = kept;
    out[i] = kept ? /** @type {number} */ (x[i]) * scale : 0;
  }
}

/**
 * @param {Float32Array} dy
 * @param {Float32Array} dx
 * @param {Uint8Array} mask
 * @param {number} p
 */
export function backwardLoop(dy, dx, mask, p) {
  const scale = 1 / (1 - p);
  for (let i = 0; i < dy.length; i++) dx[i] = mask[i] ? /** @type {number} */ (dy[i]) * scale : 0;
}

/**
 * @param {Uint8Array} mask
 * @param {number} p
 */
export function maskLoop(mask, p) {
  for (let i = 0; i < mask.length; i++) mask[i] = Math.random() < p ? 0 : 1;
}

/**
 * Multiplies by normal noise, both values of Box and Muller's formula.
 *
 * @param {Float32Array} x of even length
 * @param {Float32Array} out
 * @param {number} p
 */
export function gaussianLoop(x, out, p) {
  const std = Math.sqrt(p / (1 - p));
  for (let i = 0; i < x.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - Math.random()));
    const angle = 2 * Math.PI * Math.random();
    out[i] = /** @type {number} */ (x[i]) * (1 + radius * Math.cos(angle));
    out[i + 1] = /** @type {number} */ (x[i + 1]) * (1 + radius * Math.sin(angle));
  }
}
