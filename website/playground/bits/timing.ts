/** The time of a forward against a Math.random loop, and on two threads. */
import { Arena, Dropout } from 'dropout-wasm';
import { SharedArena } from 'dropout-wasm/threads';
import { compare, medians } from '../../../bench/measure.js';
import { nextFrame } from '../section.js';

const P = 0.5;
const SMALL = 2 ** 16;
/** Large enough to be shared by threads (docs/threads.md). */
const LARGE = 2 ** 20;

/** Each side runs this long in each of its turns, in ms. The clock of a page may tick in whole ms. */
const TURN = 10;
const EFFORT = { rounds: 12, turn: TURN * 1e6, budget: 1e9 };

export interface Time {
  name: string;
  elements: number;
  /** Median ns per element. */
  ns: number;
}

/** The first is the loop. */
export async function timeLoop(): Promise<Time[]> {
  const arena = new Arena({ bytes: 2 * 4 * SMALL });
  return time(SMALL, [
    ['a Math.random loop', ...pair(SMALL), mathRandomLoop],
    ['dropout-wasm', ...inArena(arena, SMALL), dropout()],
  ]);
}

/** The first is one thread. @throws Error where the browser does not allow shared memory */
export async function timeThreads(): Promise<Time[]> {
  const bytes = 2 * 4 * LARGE;
  const arena = await SharedArena.create({
    bytes,
    threads: 2,
    spawn: () => new Worker(new URL('playground/worker.js', document.baseURI)),
  });
  try {
    return await time(LARGE, [
      ['dropout-wasm, one thread', ...inArena(new Arena({ bytes }), LARGE), dropout()],
      ['dropout-wasm, two threads', ...inArena(arena, LARGE), dropout()],
    ]);
  } finally {
    arena.close();
  }
}

type Forward = (x: Float32Array, out: Float32Array) => void;
type Side = [name: string, x: Float32Array, out: Float32Array, forward: Forward];

const pair = (n: number): [Float32Array, Float32Array] => [new Float32Array(n).fill(1), new Float32Array(n)];

const inArena = (arena: Arena, n: number): [Float32Array, Float32Array] => [arena.float32(n).fill(1), arena.float32(n)];

function dropout(): Forward {
  const layer = new Dropout(P, { seed: 1 });
  return (x, out) => {
    layer.forward(x, out);
  };
}

/** The loop that people write by hand. */
function mathRandomLoop(x: Float32Array, out: Float32Array): void {
  const scale = 1 / (1 - P);
  for (let i = 0; i < x.length; i++) out[i] = Math.random() < P ? 0 : x[i]! * scale;
}

async function time(elements: number, sides: Side[]): Promise<Time[]> {
  const runs = sides.map(
    ([, x, out, forward]) =>
      () =>
        forward(x, out),
  );
  const perCall = medians(await compare(runs, EFFORT, timeCalls));
  return sides.map(([name], side) => ({ name, elements, ns: perCall[side]! / elements }));
}

/** ns per call, over many calls in one turn that starts after a frame. */
async function timeCalls(run: () => unknown): Promise<number> {
  await nextFrame();
  run();
  const start = performance.now();
  let calls = 0;
  let taken = 0;
  do {
    run();
    calls++;
    taken = performance.now() - start;
  } while (taken < TURN);
  return (taken * 1e6) / calls;
}
