/** The data set: two half-moons in the plane, drawn with + − × alone so that every engine has the same points. */
import { Generator } from 'dropout-wasm';

const COUNT = 256;
const SEED = 1;

/**
 * @returns {{ points: Float32Array, labels: Uint8Array }} points as x, y, x, y, …; labels are 0 for the upper moon, 1
 *   for the lower one
 */
export function moons() {
  const random = new Generator(SEED);
  const uniform = () => Number(random.next() >> 11n) / 2 ** 53;
  const points = new Float32Array(2 * COUNT);
  const labels = new Uint8Array(COUNT);
  for (let i = 0; i < COUNT; ) {
    // A point of a half-disk, kept if it lies in the ring.
    const x = 2.4 * uniform() - 1.2;
    const y = 1.2 * uniform();
    const square = x * x + y * y;
    if (square < 0.7 || square > 1.3) continue;
    labels[i] = i % 2;
    points.set(labels[i] ? [1 - x, 0.4 - y] : [x, y], 2 * i);
    i++;
  }
  return { points, labels };
}
