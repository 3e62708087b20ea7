/** A program for Node that computes the numbers of the chosen point. */
import type { State } from '../fields.js';
import { trainingCode } from '../network/code.js';

const IMPORTS = "import { monteCarlo } from 'dropout-wasm/monte-carlo';\n";

const OPTIONS = { shared: ', { noiseShape: [1, null] }', own: '' };

export const uncertaintyCode = (state: State): string => `${trainingCode(state, IMPORTS)}
// ${state.get('masks') === 'shared' ? 'One mask for all rows' : 'A mask for each row'}, of which there is one here.
const layers = p.map((p) => new Dropout(p${OPTIONS[state.get('masks')]}));
const point = Float32Array.of(${state.get('x')}, ${state.get('y')});
const predict = () => ({ data: forward(network.weights, layers, point)[3], shape: [1, 2] });
const { mean, standardError, std, entropy, mutualInformation } = await monteCarlo(predict, {
  samples: ${state.get('samples')},
  layers,
  generator: generator.fork('sub-networks'),
  kind: 'logits',
});
console.log(mean[1].toFixed(3), standardError[1].toFixed(3)); // the probability of class 1 ± its standard error
console.log(std[1].toFixed(3), entropy[0].toFixed(3), mutualInformation[0].toFixed(3));
`;
