/** A program for Node that measures the same masks. */
import { type Settings, SPREAD } from './measure.js';

export function code({ seed, p, x, elements }: Settings, masks: number): string {
  return `\
import { applyMask, Dropout, Generator${x === 'normals' ? ', gaussianNoise' : ''} } from 'dropout-wasm';
import { monteCarlo } from 'dropout-wasm/monte-carlo';

const p = ${p};
const generator = new Generator(${seed}).fork('expectation');
${
  x === 'ones'
    ? `const x = new Float32Array(${elements}).fill(1);`
    : `const ones = new Float32Array(${elements}).fill(1);
const x = gaussianNoise(ones, { stddev: ${SPREAD}, key: generator.fork('x').next() });`
}
const y = new Float32Array(x.length);
const layer = new Dropout(p);
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const four = (value) => value.toFixed(4);

// Sample i draws mask i. It holds two means: with kept elements multiplied by 1 / (1 - p), and without.
const sample = () => {
  layer.forward(x, y);
  return Float64Array.of(meanOf(y), meanOf(applyMask(x, layer.mask(), { p: 0 })));
};
const { mean, std } = await monteCarlo(sample, { generator, layers: [layer], samples: ${masks} });

const latest = meanOf(y);
const deviation = Math.sqrt(meanOf(y.map((value) => (value - latest) ** 2)));
console.log('elements of the latest result:', four(latest), '±', four(deviation));
console.log('mean of a result, over all masks:', four(mean[0]), '±', four(std[0]));
const off = meanOf(layer.eval().forward(x));
console.log('scaled in training:', four(mean[0]), 'in evaluation:', four(off));
console.log('scaled in evaluation:', four(mean[1]), 'in evaluation:', four(off * (1 - p)));
console.log('scaled nowhere:', four(mean[1]), 'in evaluation:', four(off));
`;
}
