/**
 * examples/mlp.js: its gradients are right, and its run shows what dropout gains. docs/training.md shows the whole
 * file, and its other snippets print what their comments state.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { backward, createModel, forward, score } from '../../examples/mlp.js';
import { expectPrinted, runNode, snippetsOf } from './snippets.js';

const file = fileURLToPath(new URL('../../examples/mlp.js', import.meta.url));
const x = Float32Array.from({ length: 784 }, (_, i) => ((i * 37) % 101) / 101);
const label = 3;

describe.each([
  ['without dropout', [0, 0]],
  ['with dropout', [0.2, 0.5]],
])('the gradient %s', (_, rates) => {
  /** The first forward of a new model: the same masks for the same seed. */
  const run = (change: (model: ReturnType<typeof createModel>) => void = () => {}) => {
    const model = createModel(rates, 7);
    change(model);
    const { loss, dy } = score(forward(model, x), label);
    return { model, loss, gradients: () => backward(model, dy) };
  };
  const { model, gradients } = run();
  const [last, first] = model.toReversed();
  const pairs = gradients();

  it.each([
    ['weights of the last layer', last!.weights, 1, 'weights'],
    ['biases of the last layer', last!.biases, 1, 'biases'],
    ['weights of the first layer', first!.weights, 0, 'weights'],
    ['biases of the first layer', first!.biases, 0, 'biases'],
  ] as const)('agrees with finite differences: %s', (_, values, k, name) => {
    const [, gradient] = pairs.find(([own]) => own === values)!;
    const norm = Math.hypot(...gradient);
    expect(norm).toBeGreaterThan(0.01);
    // The slope along the gradient is its norm.
    const lossAt = (step: number) =>
      run((changed) => {
        gradient.forEach((d, i) => {
          changed[k]![name][i] = values[i]! + (step * d) / norm;
        });
      }).loss;
    const STEP = 2 ** -11; // so small that no unit crosses the kink of ReLU
    expect((lossAt(STEP) - lossAt(-STEP)) / (2 * STEP) / norm).toBeCloseTo(1, 2);
  });
});

it.each([
  [4, 11 / 20, true],
  [2, 1 / 20, false],
])('the loss is that of the softmax: label %d', (label, probability, right) => {
  const logits = new Float32Array(10);
  logits[4] = Math.log(11);
  const scored = score(logits, label);
  expect(scored.loss).toBeCloseTo(-Math.log(probability), 6);
  expect(scored.right).toBe(right);
  expect(scored.dy[label]).toBeCloseTo(probability - 1, 6);
  expect(scored.dy[9]).toBeCloseTo(1 / 20, 6);
});

it('has at most 80 lines of code', () => {
  const lines = readFileSync(file, 'utf8').split('\n');
  expect(lines.filter((line) => !/^\s*(\/\*\*|\*|\/\/|$)/.test(line)).length).toBeLessThanOrEqual(80);
});

/** The cells of a table that console.table printed, without its head. */
const rowsOf = (lines: string[]) =>
  lines
    .filter((line) => /^│ p/.test(line))
    .map((line) => line.split('│').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, 5));
const page = readFileSync(new URL('../../docs/training.md', import.meta.url), 'utf8');

describe('node examples/mlp.js', () => {
  const printed = runNode(file);
  const rows = rowsOf(printed);

  it('prints a table and, without a terminal, no progress bar', () => {
    expect(printed).toHaveLength(6);
    expect(rows.map(([name]) => name)).toEqual(['p = 0', 'p = 0.2 and 0.5']);
  });

  it('is more accurate with dropout, and has a smaller test loss', () => {
    const [without, withDropout] = rows.map((cells) => cells.slice(1).map(Number));
    expect(without![1]).toBeGreaterThan(0.75);
    expect(withDropout![1]).toBeGreaterThan(without![1]! + 0.01);
    expect(withDropout![2]).toBeLessThan(without![2]! - 0.04);
  });

  it('prints the table of docs/training.md', () => {
    // Math.exp differs between engines in its last bits.
    const expected = rowsOf(page.split('\n')).map(([name, ...cells]) => [
      name,
      ...cells.map((cell) => expect.closeTo(Number(cell), 1)),
    ]);
    expect(rows.map(([name, ...cells]) => [name, ...cells.map(Number)])).toEqual(expected);
  });
});

describe('docs/training.md', () => {
  const [program, pitfalls] = page.split('\n## Pitfalls\n');

  it('shows the whole file', () => {
    const parts = snippetsOf(program!).map(({ code }) => code);
    expect(parts.join('\n')).toBe(readFileSync(file, 'utf8'));
  });

  it.each(snippetsOf(pitfalls!).map(({ name, code }) => [name, code]))('%s', (_, code) => {
    expectPrinted({ code, printed: runNode('--input-type=module', '--eval', code) });
  });
});
