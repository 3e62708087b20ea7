/** docs/benchmarks.md, from the results. */
import { CORE } from '../core.js';
import { perUnit } from '../runtimes.js';
import { KERNELS } from './kernels.js';
import { MEASURES, OURS, PEERS, PROBABILITIES } from './peers.js';
import { fitLine, isBusy, seriesOf } from './summary.js';

/** @typedef {import('./results.js').Results} Results */
/** @typedef {import('./results.js').PeerResult} PeerResult */

/** What the project set out to reach at p = 0.5 in an arena: ratio = peer / ours at least, or ours / peer at most. */
const GOALS = [
  { peer: 'pytorch', n: 2 ** 20, atLeast: 80 },
  { peer: 'onnx-native', n: 2 ** 20, atLeast: 25 },
  { peer: 'tfjs-wasm', n: 2 ** 20, atLeast: 45 },
  { peer: 'loop', n: 2 ** 7, atLeast: 8 },
  { peer: 'copy', n: 2 ** 24, atMost: 1.05 },
];

const HEADINGS = { forward: 'Forward', 'forward + backward': 'Forward and backward', mask: 'Mask only' };
const PICTURES = { forward: 'forward', 'forward + backward': 'forward-backward', mask: 'mask' };

/** @param {Results} results */
export function page(results) {
  return `<!-- Written by \`npm run bench:peers\` from bench/versus/results.json. Edit bench/versus/page.js instead. -->

# Benchmarks

dropout-wasm beside other ways to compute dropout, on one machine. One command measures everything and writes this page:

\`\`\`sh
npm run bench:peers
\`\`\`

It builds the package, installs the peers of \`bench/peers/package.json\` without their install scripts, and took
${Math.ceil(results.minutes)} minutes. \`npm run bench:peers -- --quick\` prints a rough look and writes nothing.

${method(results)}

## Goals

${goals(results)}

${MEASURES.map((measure) => measureSection(results, measure)).join('\n\n')}

## Other kernels

${kernelSection(results)}

## Cost over the number of elements

${linearSection(results)}

## Memory, start and size

${costSection(results)}

## Runtimes

${runtimeSection(results)}

## What each peer runs

${peerSection(results)}
`;
}

/** @param {Results} results */
function method({ date, machine, load, cores }) {
  return `| | |
|---|---|
| Date | ${date} |
${machine.map((line) => `| ${line.replace(': ', ' | ')} |`).join('\n')}
| Load at the start | ${load.toFixed(1)} processes on ${cores} cores |

Each peer runs with dropout-wasm in a process of its own. The two take turns of 12 ms, in many rounds. Times are CPU
time of the process, because a busy machine interrupts long calls more often than short ones, and medians over the
quieter half of the rounds. All values are f32, all tensors exist before the clock starts, and everything runs on one
thread. The output of each call is checked before it is timed: the share of kept elements, the value of each one, the
gradient under the same mask, and a new mask in the next call.

A ratio compares the two sides of one process. The row of dropout-wasm is the median over all processes, so dividing two
rows gives another number.`;
}

/** @param {Results} results */
function goals(results) {
  const rows = GOALS.map(({ peer, n, atLeast, atMost }) => {
    const series = seriesOf(results, 'forward', 0.5).find(({ name }) => name === peer);
    const ratio = series?.points.find((point) => point.n === n)?.ratio;
    const goal = atLeast ? `at least ${atLeast} × as fast` : `at most ${atMost?.toFixed(2)} × its time`;
    const value = ratio === undefined ? undefined : atLeast ? ratio : 1 / ratio;
    const isReached = value !== undefined && (atLeast ? value >= atLeast : value <= /** @type {number} */ (atMost));
    const reached = value === undefined ? 'not measured' : `${atLeast ? times(value) : `${value.toFixed(2)} ×`}`;
    return `| ${titleOf(peer)} | ${count(n)} | ${goal} | ${reached} | ${isReached ? 'yes' : 'no'} |`;
  });
  return `Forward in an \`Arena\`, p = 0.5:

| against | n | goal | measured | reached |
|---|---|---|---|---|
${rows.join('\n')}

PyTorch and ONNX Runtime draw their random numbers by code for the processor at hand, which differs from machine to
machine, and so do the ratios. They also differ between runs: on the machine above, three runs gave 69, 70 and 83 for
PyTorch, and 33, 41 and 44 for ONNX Runtime.

At 128 elements most of the time is the call: the layer draws a key and checks its arguments, and the engine enters
WebAssembly. Engines differ in this: see [Runtimes](#runtimes). JavaScriptCore converts an integer of 2^31 or more, and
a boolean, in a slow call, so the halves of a key are signed and flags are 0 or 1.`;
}

/** @param {Results} results */
function kernelSection({ kernels }) {
  const sizes = [...new Set(kernels.map(({ n }) => n))];
  const rows = KERNELS.map(({ name, title, atMost }) => {
    const slowness = sizes.map((n) => {
      const found = kernels.find((result) => result.name === name && result.n === n && result.p === 0.5);
      return found ? 1 / found.ratio : Number.NaN;
    });
    const cells = slowness.map((value) => (Number.isNaN(value) ? '–' : `${value.toFixed(2)} ×`));
    const isReached = slowness.every((value) => value <= atMost);
    return `| ${title} | ${atMost} × | ${cells.join(' | ')} | ${isReached ? 'yes' : 'no'} | \`${name}\` |`;
  });
  return `The time of a forward, divided by that of \`Dropout\` on the same bytes in an arena, p = 0.5:

| | goal, at most | ${sizes.map(count).join(' | ')} | reached at all three | name |
|---|---:|${sizes.map(() => '---:|').join('')}---|---|
${rows.join('\n')}

\`npm run bench -- --only NAME\` repeats a row.

What these times consist of, and what was tried:

- \`AlphaDropout\` adds a shift to each element and selects between two values where Dropout clears bits.
- Normal noise is the quantile of the normal distribution, a quotient of two polynomials of degree 4, whose error is
  below 2e-6 at each of its 2^32 arguments ([normal-noise.md](normal-noise.md)). A polynomial in the logarithm needs more
  operations. A quotient of degree 6 over 1 in the fourth root needs one more square root, from the unit that divides
  too. Both were slower. Code for two vectors at once does not fit into the 4,096 bytes of a module.
- A plain array is copied into the memory of WebAssembly and its result back, 64 KB at a time. Other sizes and places of
  the piece gain 3 % at most ([architecture.md](architecture.md)).
- Rows that are no multiple of 64 elements start anywhere in a vector of bits. A step in which a row ends does the work
  of two, and the shorter the rows, the more steps have an end.`;
}

/**
 * @param {Results} results
 * @param {import('./peers.js').Measure} measure
 */
function measureSection(results, measure) {
  const tables = PROBABILITIES.map((p) => {
    const series = seriesOf(results, measure, p);
    const sizes = series[0]?.points.map(({ n }) => n) ?? [];
    const rows = series.map(({ name, title, points }) => {
      const cells = sizes.map((n) => {
        const point = points.find((point) => point.n === n);
        if (!point) return '–';
        return name === OURS.name ? `**${digits(point.ns)}**` : `${digits(point.ns)} (${times(point.ratio)})`;
      });
      return `| ${title} | ${cells.join(' | ')} |`;
    });
    return `ns per element at p = ${p}, and in parentheses the ratio to dropout-wasm:

| n | ${sizes.map(count).join(' | ')} |
|---|${sizes.map(() => '---:|').join('')}
${rows.join('\n')}`;
  });
  const alt = `${HEADINGS[measure]}: ns per element over the number of elements, at p = 0.5`;
  return `## ${HEADINGS[measure]}

![${alt}](benchmarks/${PICTURES[measure]}.svg)

${tables.join('\n\n')}`;
}

/** The most elements whose x and out fit into the caches of the machine that the page is about. */
const CACHED = 2 ** 21;

/** @param {Results} results */
function linearSection({ line }) {
  const { a, b, points } = fitLine(line);
  const inside = fitLine(line.filter(({ n }) => n <= CACHED));
  const outside = fitLine(line.filter(({ n }) => n >= CACHED));
  return `![Time of a forward over the number of elements, with the fitted line](benchmarks/linear.svg)

The line through the times of a forward in an arena, p = 0.5, is **${digits(a)} ns + ${digits(b)} ns · n**. It has the
least squares of the relative errors. The largest residual is ${worst(points)}, because the time per element rises where
x and out leave a cache. Up to ${count(CACHED)} elements the line is ${digits(inside.a)} ns + ${digits(inside.b)} ns · n, with
residuals up to ${worst(inside.points)}, and from there on ${digits(outside.b)} ns per element, with residuals up to
${worst(outside.points)}. The time of \`memory.copy\` per element rises at the same sizes, and more (see the forward
above), so the steps are those of the memory and not of the algorithm.

| n | ${points.map(({ n }) => count(n)).join(' | ')} |
|---|${points.map(() => '---:|').join('')}
| µs | ${points.map(({ ns }) => digits(ns / 1e3)).join(' | ')} |
| fitted, µs | ${points.map(({ fitted }) => digits(fitted / 1e3)).join(' | ')} |
| residual | ${points.map(({ residual }) => `${residual < 0 ? '−' : '+'}${percent(Math.abs(residual))}`).join(' | ')} |`;
}

/** @param {Results} results */
function costSection({ peers }) {
  const rows = peers.map(({ name, allocated, start, size }) => {
    const peer = [OURS, ...PEERS].find((peer) => peer.name === name);
    const bytes = size === undefined ? '–' : `${kilobytes(size)} KB${peer?.isNative ? ', installed' : ''}`;
    const cells = [
      allocated === undefined ? '–' : (allocated / 2 ** 20).toFixed(2),
      start === undefined ? '–' : start.toFixed(start < 100 ? 1 : 0),
      bytes,
    ];
    return `| ${titleOf(name)} | ${cells.join(' | ')} |`;
  });
  return `| | bytes allocated per element by a forward | import to first result, ms | size |
|---|---:|---:|---:|
${rows.join('\n')}

The forward has 1,048,576 elements. Allocated are objects and buffers that the JavaScript engine counts, for TF.js on
wasm the tensors that \`tf.profile\` counts as well, and for PyTorch what its profiler counts. What ONNX Runtime and
jax-js allocate in memory of their own is not included. A new array for the result takes 4 bytes per element. In V8,
each \`Math.random()\` allocates a number of 16 bytes.

The first result is that of 4 elements in a new process, by the clock and the median. Sizes are minified and gzipped
with their WebAssembly, for a program that computes one forward. ONNX Runtime (native) and PyTorch are
installed, not loaded by a page.`;
}

/** @param {Results} results */
function runtimeSection({ runtimes, load, cores }) {
  const rows = runtimes
    .filter(({ results }) => results.length > 0)
    .map(({ name, version, results }) => {
      const cells = CORE.map((row) => {
        const found = results.find((result) => result.name === row.name);
        return found ? `${perUnit(found)[0]} (${times(found.loop / found.ours)})` : '–';
      });
      return `| ${name} ${version} | ${cells.join(' | ')} |`;
    });
  const failed = runtimes.filter(({ error }) => error).map(({ name, error }) => `- ${name}: ${error}`);
  return `![How many times faster dropout-wasm is than the loop, in each runtime](benchmarks/runtimes.svg)

ns per element of a call of 1,048,576 elements, ns per call of one of 128, and in parentheses how many times faster that
is than a \`Math.random\` loop in the same runtime. p = 0.5, the worst case of the loop, whose branch is unpredictable.
The loop for GaussianDropout uses the formula of Box and Muller. \`npm run bench -- --runtime NAME\` repeats a row.
${
  isBusy(load, cores)
    ? `
**The machine was busy.** These times come from the clock, since browsers have no CPU time. A busy machine interrupts
long calls more often than short ones, so the ratios are too high here.
`
    : ''
}
| | ${CORE.map(({ title, n }) => `${title}, ${count(n)}`).join(' | ')} |
|---|${CORE.map(() => '---:|').join('')}
${rows.join('\n')}${failed.length > 0 ? `\n\nNot timed:\n\n${failed.join('\n')}` : ''}`;
}

/** @param {Results} results */
function peerSection({ peers }) {
  const rows = [OURS, ...PEERS].map(({ name, title, runs }) => {
    const version = peers.find((peer) => peer.name === name)?.version;
    return `| ${title}${version ? ` ${version}` : ''} | ${MEASURES.map((measure) => runs[measure]).join(' | ')} |`;
  });
  const missing = peers.flatMap(({ name, skipped, errors }) => [
    ...errors.map((error) => `- ${titleOf(name)}: ${error}`),
    ...skipped
      // One line for each p: the smallest size that was left out.
      .filter(({ p }, i) => i === skipped.findIndex((other) => other.p === p))
      .map(({ n, p, skipped }) => `- ${titleOf(name)}, p = ${p}: no ${count(n)} elements or more, because ${skipped}.`),
  ]);
  return `| | forward | forward + backward | mask |
|---|---|---|---|
${rows.join('\n')}

ONNX Runtime removes every Dropout, even in training mode, unless the session has the option
\`extra: { optimization: { disable_specified_optimizers: 'EliminateDropout' } }\`. ONNX Runtime and PyTorch are told to use
one thread; the others run on one.${missing.length > 0 ? `\n\nNot timed:\n\n${missing.join('\n')}` : ''}`;
}

/** @param {{ residual: number }[]} points */
const worst = (points) => percent(Math.max(...points.map(({ residual }) => Math.abs(residual))));

/** @param {string} name */
function titleOf(name) {
  return [OURS, ...PEERS].find((peer) => peer.name === name)?.title;
}

/** @param {number} n */
const count = (n) => n.toLocaleString('en');
/** @param {number} bytes */
const kilobytes = (bytes) => (bytes / 1024).toLocaleString('en', { maximumFractionDigits: bytes < 1e5 ? 1 : 0 });
/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(0)} %`;
/** Three digits, without an exponent. @param {number} value */
const digits = (value) => (value >= 1000 ? count(Math.round(value)) : value.toPrecision(3));
/** @param {number} ratio */
const times = (ratio) => `${ratio >= 10 ? count(Math.round(ratio)) : ratio.toPrecision(2)} ×`;
