/**
 * Run by `sections.js` in a process of its own, as a program that uses just one kind of array would be:
 * prints the median ns of a small training forward.
 *
 *   node bench/one-call.js arena|array N
 */
import { Arena, Dropout, Generator } from 'dropout-wasm';
import { time } from './measure.js';

const [, , kind, size] = process.argv;
const n = Number(size);
const arena = kind === 'arena' ? new Arena({ bytes: 2 * 4 * n }) : undefined;
const make = () => arena?.float32(n) ?? new Float32Array(n);
const [x, out] = [make(), make()];
const layer = new Dropout(0.5, { generator: new Generator(42) });
console.log(await time(() => layer.forward(x, out), 300e6));
