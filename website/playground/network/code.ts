/** Programs for Node that train the network of the page and print its numbers. */
import type { State } from '../fields.js';
import type { Curves } from './data.js';
import { TEST_POINTS } from './train.js';

/** A point on the curve of a class, as in data.ts. */
const CURVES: Readonly<Record<Curves, string>> = {
  moons: `turn(t / 2).map((v, i) => (label ? [0.5, 0.25][i] - v : v - [0.5, 0.25][i]))`,
  spirals: `turn(t + label / 2).map((v) => (0.2 + 1.3 * t) * v)`,
  circles: `turn(t).map((v) => (label ? 1.2 : 0.5) * v)`,
};

/** The data, and `trainNetwork(p)`, which returns weights and layers in evaluation mode. */
const training = (state: State, imports: string): string => `\
import { Dropout, Generator, gaussianNoise, setTraining } from 'dropout-wasm';
${imports}
const UNITS = [2, 32, 32, 2];
const generator = new Generator(${state.get('seed')});
const draws = generator.fork('data');

const turn = (turns) => [Math.cos(2 * Math.PI * turns), Math.sin(2 * Math.PI * turns)];
const curve = (t, label) => ${CURVES[state.get('data')]};
function makeData(points) {
  const labels = Array.from({ length: points }, (_, i) => i % 2);
  const clean = labels.flatMap((label, i) => curve((i - label + 1) / points, label));
  return { labels, x: gaussianNoise(Float32Array.from(clean), { stddev: ${state.get('noise')}, key: draws.next() }) };
}
const [train, test] = [makeData(${state.get('points')}), makeData(${TEST_POINTS})];

/** The input of each dense layer, and the logits. Weights are those of each input, then the biases. */
function forward(weights, dropouts, x) {
  const inputs = [x];
  weights.forEach((w, k) => {
    const [x, ins, outs] = [inputs[k], UNITS[k], UNITS[k + 1]];
    const y = Float32Array.from({ length: (x.length / ins) * outs }, (_, at) => {
      const [row, j] = [Math.floor(at / outs), at % outs];
      let sum = w[ins * outs + j];
      for (let i = 0; i < ins; i++) sum += x[row * ins + i] * w[i * outs + j];
      return dropouts[k] ? Math.max(0, sum) : sum;
    });
    inputs.push(dropouts[k] ? dropouts[k].forward({ data: y, shape: [y.length / outs, outs] }).data : y);
  });
  return inputs;
}
const logits = ({ weights, dropouts }, x) => forward(weights, dropouts, x)[3];
const margin = (logits, label, i) => logits[2 * i + label] - logits[2 * i + 1 - label];

/** Training by Adam, with dropout after each hidden layer. */
function trainNetwork(p) {
  const draws = generator.fork('network');
  const weights = [0, 1, 2].map((k) => {
    const noise = { stddev: Math.sqrt(2 / UNITS[k]), key: draws.next() };
    const kernel = gaussianNoise(new Float32Array(UNITS[k] * UNITS[k + 1]), noise);
    return Float32Array.of(...kernel, ...new Float32Array(UNITS[k + 1]));
  });
  const dropouts = p.map((p) => new Dropout(p, { generator: draws }));
  const [means, squares] = [0, 1].map(() => weights.map((w) => new Float32Array(w.length)));
  let [a, b] = [1, 1];
  for (let step = 0; step < ${state.get('steps')}; step++) {
    [a, b] = [0.9 * a, 0.999 * b];
    const inputs = forward(weights, dropouts, train.x);
    let dy = inputs[3].map((_, at) => {
      const [i, label] = [at >> 1, train.labels[at >> 1]];
      const wrong = 1 / (1 + Math.exp(margin(inputs[3], label, i))) / train.labels.length;
      return at % 2 === label ? -wrong : wrong;
    });
    for (let k = 2; k >= 0; k--) {
      const [x, w, m, v, ins, outs] = [inputs[k], weights[k], means[k], squares[k], UNITS[k], UNITS[k + 1]];
      const gradient = w.map((_, at) => {
        const [i, j] = [Math.floor(at / outs), at % outs];
        let sum = 0;
        for (let row = 0; row * ins < x.length; row++) sum += (i < ins ? x[row * ins + i] : 1) * dy[row * outs + j];
        return sum;
      });
      const dx = x.map((_, at) => {
        const [row, i] = [Math.floor(at / ins), at % ins];
        let sum = 0;
        for (let j = 0; j < outs; j++) sum += dy[row * outs + j] * w[i * outs + j];
        return sum;
      });
      if (k > 0) dy = dropouts[k - 1].backward(dx).map((d, at) => (x[at] === 0 ? 0 : d));
      gradient.forEach((g, i) => {
        m[i] = 0.9 * m[i] + (1 - 0.9) * g;
        v[i] = 0.999 * v[i] + (1 - 0.999) * g * g;
        w[i] -= (0.01 * (m[i] / (1 - a))) / (Math.sqrt(v[i] / (1 - b)) + 1e-8);
      });
    }
  }
  setTraining(dropouts, false);
  return { weights, dropouts };
}
`;

/** What trains the network with dropout of the page. */
export const trainingCode = (state: State, imports: string): string => `${training(state, imports)}
const p = [${state.get('p1')}, ${state.get('p2')}];
const network = trainNetwork(p);
`;

export const networkCode = (state: State): string => `${training(state, '')}
function loss(network, { x, labels }) {
  const y = logits(network, x);
  return labels.reduce((sum, label, i) => sum + Math.log1p(Math.exp(-margin(y, label, i))), 0) / labels.length;
}
for (const p of [[0, 0], [${state.get('p1')}, ${state.get('p2')}]]) {
  const network = trainNetwork(p);
  console.log(loss(network, train).toFixed(3), loss(network, test).toFixed(3)); // training and test loss
}
`;
