/** A program for Node that computes the scores of the chosen sub-network and of the mean. */
import type { State } from '../fields.js';
import { trainingCode } from '../network/code.js';

const IMPORTS = "import { calibration, monteCarlo } from 'dropout-wasm/monte-carlo';\n";

export const subnetworksCode = (state: State): string => `${trainingCode(state, IMPORTS)}
// One mask for all rows: each sample is a sub-network.
const layers = p.map((p) => new Dropout(p, { noiseShape: [1, null] }));
const predict = () => ({ data: forward(network.weights, layers, test.x)[3], shape: [test.labels.length, 2] });
const options = { layers, generator: generator.fork('sub-networks'), kind: 'logits' };

const number = ${state.get('firstMask') + state.get('chosenMask')};
const runs = [{ samples: 1, from: number }, { samples: ${state.get('averaged')} }];
for (const run of runs) {
  const { mean, shape } = await monteCarlo(predict, { ...options, ...run });
  const { negativeLogLikelihood, accuracy } = calibration({ data: mean, shape }, test.labels);
  console.log(negativeLogLikelihood.toFixed(3), accuracy); // of the sub-network, of the mean
}
`;
