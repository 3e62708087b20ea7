/** A program for Node that draws the mask shown and prints what the page says of it. */
import type { State } from '../fields.js';
import { seedOf } from './family.js';
import { memberOf } from './members.js';

export function code(state: State): string {
  const member = memberOf(state.get('layer'));
  const [seed, number] = [state.get('seed'), state.get('layerMask')];
  const settings = { p: state.get('layerP'), seed: seedOf(seed, number), block: state.get('block') };
  const imports = [...new Set([...member.imports, 'Generator'])].sort();
  return `import { ${imports.join(', ')} } from 'dropout-wasm';

// Ones in place of the picture: masks and noise do not depend on x.
const seed = new Generator(${seed}).fork('family').keyAt(${number});
${member.code(settings)}

${member.units ? printKept(...member.units) : PRINT_NOISE}`;
}

const printKept = (count: number, name: string) => `const sum = kept.reduce((total, bit) => total + bit, 0);
const units = (${count} * sum) / kept.length;
const share = ((100 * units) / ${count}).toFixed(2);
console.log(\`\${units.toLocaleString('en')} of ${count.toLocaleString('en')} ${name} kept: \${share} %\`);
`;

const PRINT_NOISE = `const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length;
console.log(\`mean \${mean.toFixed(4)}, standard deviation \${Math.sqrt(variance).toFixed(4)}\`);
`;
