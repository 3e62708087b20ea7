/**
 * A network of dense layers on plain arrays, with ReLU and dropout after each hidden layer. Each result is rounded to
 * float32, which hides that engines differ in the last bit of Math.exp.
 */
import { type Dropout, type Generator, gaussianNoise } from 'dropout-wasm';

/** The inputs, the units of both hidden layers, and the classes. */
export const UNITS = [2, 32, 32, 2] as const;
export const HIDDEN = [UNITS[1], UNITS[2]] as const;

/** For each dense layer: for each input the weights of all outputs, then the biases. */
export type Weights = readonly Float32Array[];

export function initialWeights(generator: Generator): Weights {
  return UNITS.slice(1).map((outs, k) => {
    const ins = UNITS[k]!;
    const weights = new Float32Array((ins + 1) * outs);
    const kernel = weights.subarray(0, ins * outs);
    gaussianNoise(kernel, { stddev: Math.sqrt(2 / ins), key: generator.next(), out: kernel });
    return weights;
  });
}

/** The input of each dense layer, and the logits: what `backward` needs of a forward. */
export type Activations = readonly Float32Array[];

/**
 * @param dropouts after the hidden layers, in the mode in which they are to run
 * @param x rows of two coordinates
 */
export function forward(weights: Weights, dropouts: readonly Dropout[], x: Float32Array): Activations {
  const activations = [x];
  weights.forEach((layer, k) => {
    const outs = UNITS[k + 1]!;
    const y = dense(activations[k]!, layer, outs);
    const dropout = dropouts[k];
    activations.push(dropout ? dropout.forward({ data: relu(y), shape: [y.length / outs, outs] }).data : y);
  });
  return activations;
}

/**
 * @param dropouts as in the latest forward
 * @param dy the gradient with respect to the logits
 * @returns the gradient with respect to the weights
 */
export function backward(
  weights: Weights,
  dropouts: readonly Dropout[],
  activations: Activations,
  dy: Float32Array,
): Weights {
  const gradients: Float32Array[] = [];
  for (let k = weights.length - 1; k >= 0; k--) {
    const x = activations[k]!;
    const outs = UNITS[k + 1]!;
    gradients.unshift(denseGradient(x, dy, outs));
    if (k === 0) break;
    const dx = inputGradient(dy, weights[k]!, outs);
    dropouts[k - 1]!.backward(dx, dx);
    // A unit is 0 where ReLU or the mask has cut it.
    for (let i = 0; i < dx.length; i++) if (x[i] === 0) dx[i] = 0;
    dy = dx;
  }
  return gradients;
}

/** The sums are float64. Two outputs at a time take half as long as one after another. */
function dense(x: Float32Array, weights: Float32Array, outs: number): Float32Array {
  const ins = weights.length / outs - 1;
  const biases = ins * outs;
  const y = new Float32Array((x.length / ins) * outs);
  for (let row = 0, o = 0; o < y.length; row += ins, o += outs) {
    for (let j = 0; j < outs; j += 2) {
      let first = weights[biases + j]!;
      let second = weights[biases + j + 1]!;
      for (let i = 0, w = j; i < ins; i++, w += outs) {
        const value = x[row + i]!;
        first += value * weights[w]!;
        second += value * weights[w + 1]!;
      }
      y[o + j] = first;
      y[o + j + 1] = second;
    }
  }
  return y;
}

function denseGradient(x: Float32Array, dy: Float32Array, outs: number): Float32Array {
  const ins = (x.length / dy.length) * outs;
  const gradient = new Float64Array((ins + 1) * outs);
  for (let row = 0, o = 0; o < dy.length; row += ins, o += outs) {
    for (let i = 0, w = 0; i <= ins; i++, w += outs) {
      const value = i < ins ? x[row + i]! : 1;
      // Most units are 0, by ReLU or dropout.
      if (value === 0) continue;
      for (let j = 0; j < outs; j++) gradient[w + j]! += value * dy[o + j]!;
    }
  }
  return Float32Array.from(gradient);
}

function inputGradient(dy: Float32Array, weights: Float32Array, outs: number): Float32Array {
  const ins = weights.length / outs - 1;
  const dx = new Float32Array((dy.length / outs) * ins);
  for (let at = 0, o = 0; at < dx.length; at += ins, o += outs) {
    for (let i = 0; i < ins; i++) {
      let sum = 0;
      for (let j = 0, w = i * outs; j < outs; j++, w++) sum += dy[o + j]! * weights[w]!;
      dx[at + i] = sum;
    }
  }
  return dx;
}

function relu(x: Float32Array): Float32Array {
  for (let i = 0; i < x.length; i++) if (x[i]! < 0) x[i] = 0;
  return x;
}
