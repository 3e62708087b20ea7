/** A program for Node that reads the same drawing. */
import { decode, SIDE } from './image.js';

/** Rows of the drawing in one line of the program. */
const ROWS = 4;

export function code({ drawing, seed, samples }: { drawing: string; seed: number; samples: number }): string {
  const digits = Array.from(decode(drawing)!, (value) => value.toString(16)).join('');
  const lines = digits.match(new RegExp(`.{${ROWS * SIDE}}`, 'g'))!;
  return `\
// Start it in the folder of dropout-wasm's repository, after npm run build: it uses the network of an example there.
import { readFileSync } from 'node:fs';
import { Generator } from 'dropout-wasm';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { createClassifier, weightsFromBytes } from './examples/digits/classifier.js';

// The drawing: ${SIDE} rows of ${SIDE} pixels from 0, paper, to f, ink.
const drawing = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
const image = Float32Array.from(drawing, (pixel) => Number.parseInt(pixel, 16) / 15);

const weights = weightsFromBytes(readFileSync('examples/digits/weights.bin'));
const { predict, ...network } = createClassifier(weights, image);
const logits = predict().data; // with dropout off
const exponentials = logits.map(Math.exp);
const sum = exponentials.reduce((a, b) => a + b);

const generator = new Generator(${seed}).fork('digits');
const result = await monteCarlo(predict, { ...network, samples: ${samples}, generator });
result.mean.forEach((mean, digit) => {
  const off = exponentials[digit] / sum;
  console.log(\`\${digit}: \${mean.toFixed(3)} ± \${result.std[digit].toFixed(3)}, off \${off.toFixed(3)}\`);
});
const [entropy, information] = [result.entropy[0], result.mutualInformation[0]];
console.log('entropy', entropy.toFixed(3), 'mutual information', information.toFixed(3));
`;
}
