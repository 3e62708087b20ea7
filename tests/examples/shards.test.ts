/** The shards example: one digest for any number of processes, also after kills and interruptions. */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { dropout, Generator } from 'dropout-wasm';
import { assert, nat, property, uniqueArray } from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Options } from '../../examples/shards/coordinator.js';
import { train } from '../../examples/shards/coordinator.js';
import { bytesOf, digestOf, readState, writeState } from '../../examples/shards/state.js';
import { initialState } from '../../examples/shards/training.js';
import { type Node, push, total } from '../../examples/shards/tree.js';
import { checkTypes, folderOf, installExample } from './support.js';

beforeAll(() => installExample('shards'));

const MAIN = join(folderOf('shards'), 'main.js');
const home = mkdtempSync(join(tmpdir(), 'shards-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A folder for the states of a test, another for what its processes report. */
let folder: string;
let file: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(home, 'state-'));
  file = join(folder, 'run-1.state');
  log = mkdtempSync(join(home, 'log-'));
  process.env.SHARDS_LOG = log;
  process.env.NODE_OPTIONS = `--import ${pathToFileURL(FAULTS)}`;
});
afterEach(() => {
  for (const name of ['NODE_OPTIONS', 'SHARDS_LOG', 'SHARDS_FAULT']) delete process.env[name];
});

/**
 * Loaded into every process. A worker writes a file with its pid as name, and does what SHARDS_FAULT says: at a point,
 * in as many processes as it says.
 */
const FAULTS = join(home, 'faults.mjs');
writeFileSync(
  FAULTS,
  `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
const { SHARDS_LOG, SHARDS_FAULT } = process.env;
if (process.argv[1]?.endsWith('worker.js')) {
  fs.writeFileSync(join(SHARDS_LOG, 'pid-' + process.pid), '');
  const { point, times, signal, after = 0 } = JSON.parse(SHARDS_FAULT ?? '{}');
  const { writeFileSync, renameSync } = fs;
  let calls = 0;
  const strike = () => {
    if (calls++ < after) return;
    // Creating a file tells one process alone that it is the n-th, even if both come at once.
    for (let n = 0; n < times; n++) {
      try {
        writeFileSync(join(SHARDS_LOG, 'fault-' + n), '', { flag: 'wx' });
      } catch {
        continue;
      }
      process.kill(process.pid, signal ?? 'SIGKILL');
      return;
    }
  };
  fs.writeFileSync = (path, bytes, ...rest) => {
    if (point === 'write' && bytes.length > 1000) {
      writeFileSync(path, bytes.subarray(0, 1000));
      strike();
    }
    writeFileSync(path, bytes, ...rest);
  };
  fs.renameSync = (...args) => {
    if (point === 'rename') strike();
    renameSync(...args);
    if (point === 'renamed') strike();
  };
  syncBuiltinESMExports();
  const send = process.send.bind(process);
  process.send = (message, ...rest) => {
    if (message[point] !== undefined) strike();
    return send(message, ...rest);
  };
  // An engine that rounds in another way.
  if (point === 'sqrt') {
    const { sqrt } = Math;
    try {
      fs.writeFileSync(join(SHARDS_LOG, 'fault-sqrt'), '', { flag: 'wx' });
      Math.sqrt = (x) => sqrt(x) * (1 + 2 ** -20);
    } catch {}
  }
}
`,
);

interface Fault {
  /** While the state is written, before and after its rename, or before a message with this property is sent. */
  point: 'write' | 'rename' | 'renamed' | 'at' | 'sums' | 'stored' | 'weights' | 'sqrt';
  /** The number of processes that it strikes. */
  times: number;
  /** Calls that each process makes before. */
  after?: number;
  signal?: 'SIGKILL' | 'SIGSTOP';
}
const plan = (fault: Fault) => {
  process.env.SHARDS_FAULT = JSON.stringify(fault);
};
const logged = (prefix: string) => readdirSync(log).filter((name) => name.startsWith(prefix));
const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** The processes of this test that still run. */
const running = () => logged('pid-').filter((name) => isRunning(Number(name.slice(4))));

/** 230 digits of noise with a mark, in batches of 100: 7 groups of rows, the last of 4; and 2 groups at an epoch's end. */
const digits = (() => {
  const random = new Generator(3);
  const labels = Uint8Array.from({ length: 230 }, (_, row) => row % 10);
  const pixels = Uint8Array.from({ length: 230 * 784 }, (_, i) => {
    const noise = Number(random.next() % 256n);
    return i % 784 === 50 * labels[Math.floor(i / 784)]! ? 255 : noise > 128 ? 0 : noise;
  });
  return { pixels, labels };
})();
const settings = { seed: 42, batch: 100, epochs: 3 };
const STEPS = 9;
const trainOn = (processes: number, options: Partial<Options> = {}) =>
  train({ processes, digits, settings, file, storeEvery: 2, ...options });
const digest = (weights: Float32Array) => digestOf(bytesOf(weights)).toString('hex');

/**
 * The same training in one process, written down plainly: whole batches, the mask of a whole batch at once, no slices.
 */
function trainPlainly(): Float32Array {
  const [INS, HIDDEN, OUTS, GROUP] = [784, 64, 10, 16];
  const generator = new Generator(settings.seed);
  const random = generator.fork('weights');
  const uniform = (ins: number) => Math.fround(Math.sqrt(6 / ins) * (Number(random.next() >> 11n) / 2 ** 52 - 1));
  // Names of the weights and where they are: w1[i][j], b1[j], w2[i][j], b2[j].
  const [b1, w2] = [INS * HIDDEN, (INS + 1) * HIDDEN];
  const b2 = w2 + HIDDEN * OUTS;
  const weights = new Float32Array(b2 + OUTS);
  for (let i = 0; i < b1; i++) weights[i] = uniform(INS);
  for (let i = w2; i < b2; i++) weights[i] = uniform(HIDDEN);
  const velocity = new Float32Array(weights.length);
  const sumTree = (sums: Float32Array[]): Float32Array => {
    if (sums.length === 1) return sums[0]!;
    // The left subtree is the largest whole one.
    const half = 2 ** Math.ceil(Math.log2(sums.length) - 1);
    const right = sumTree(sums.slice(half));
    return sumTree(sums.slice(0, half)).map((value, i) => value + right[i]!);
  };

  let step = 0;
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const shuffle = generator.fork('order').fork(`epoch ${epoch}`);
    const order = Array.from(digits.labels.keys());
    for (let i = order.length - 1; i > 0; i--) {
      const j = Number(shuffle.next() % BigInt(i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    for (let start = 0; start < order.length; start += settings.batch, step++) {
      const rows = order.slice(start, start + settings.batch);
      const images = Float32Array.from(
        rows.flatMap((row) => Array.from(digits.pixels.subarray(row * INS, (row + 1) * INS), (pixel) => pixel / 255)),
      );
      const x = dropout(images, { p: 0.2, key: generator.fork('input').keyAt(step) });
      const layer = (from: Float32Array, ins: number, outs: number, w: number, b: number) =>
        Float32Array.from({ length: rows.length * outs }, (_, o) => {
          const [row, j] = [Math.floor(o / outs), o % outs];
          let sum = weights[b + j]!;
          for (let i = 0; i < ins; i++) sum = Math.fround(sum + from[row * ins + i]! * weights[w + i * outs + j]!);
          return sum;
        });
      const hidden = { p: 0.2, key: generator.fork('hidden').keyAt(step) };
      const h = dropout(
        layer(x, INS, HIDDEN, 0, b1).map((value) => Math.max(0, value)),
        hidden,
      );
      const y = layer(h, HIDDEN, OUTS, w2, b2);
      const dy = y.map((score, o) => {
        const target = digits.labels[rows[Math.floor(o / OUTS)]!] === o % OUTS ? 1 : -1;
        return (-2 * target * Math.max(0, 1 - target * score)) / rows.length;
      });
      const back = h.map((value, o) => {
        let sum = 0;
        const row = Math.floor(o / HIDDEN);
        for (let j = 0; j < OUTS; j++) sum += dy[row * OUTS + j]! * weights[w2 + (o % HIDDEN) * OUTS + j]!;
        return value > 0 ? sum : 0;
      });
      const dh = dropout(back, hidden);
      const sums = Array.from({ length: Math.ceil(rows.length / GROUP) }, (_, group) => {
        const sum = new Float32Array(weights.length);
        for (let row = group * GROUP; row < Math.min((group + 1) * GROUP, rows.length); row++) {
          for (let j = 0; j < HIDDEN; j++) {
            const d = dh[row * HIDDEN + j]!;
            for (let i = 0; i < INS; i++) sum[i * HIDDEN + j]! += x[row * INS + i]! * d;
            sum[b1 + j]! += d;
          }
          for (let j = 0; j < OUTS; j++) {
            const d = dy[row * OUTS + j]!;
            for (let i = 0; i < HIDDEN; i++) sum[w2 + i * OUTS + j]! += h[row * HIDDEN + i]! * d;
            sum[b2 + j]! += d;
          }
        }
        return sum;
      });
      for (const [i, slope] of sumTree(sums).entries()) {
        velocity[i] = 0.9 * velocity[i]! + slope;
        weights[i] = weights[i]! - 0.03 * velocity[i]!;
      }
    }
  }
  expect(step).toBe(STEPS);
  return weights;
}

let expected: string;
beforeAll(() => {
  expected = digest(trainPlainly());
});

describe('training', () => {
  it.each([1, 2, 3, 4, 9])('on %i processes gives the weights of a plain loop without slices', async (processes) => {
    const { weights, restarts } = await trainOn(processes);
    expect(digest(weights)).toBe(expected);
    expect(restarts).toEqual([]);
    expect(logged('pid-')).toHaveLength(processes);
    expect(readdirSync(folder)).toEqual(['run-1.state']);
    expect(digest(readState(file, settings).weights)).toBe(expected);
    expect(running()).toEqual([]);
  });

  it('gives other weights for another seed, and for batches of another size', async () => {
    const results = [
      await trainOn(2, { settings: { ...settings, seed: 43 } }),
      await trainOn(2, { settings: { ...settings, batch: 99 } }),
    ].map(({ weights }) => digest(weights));
    expect(new Set([expected, ...results]).size).toBe(3);
  });

  it('calls onStep once a step', async () => {
    const steps: number[] = [];
    await trainOn(2, { onStep: (step) => steps.push(step) });
    expect(steps).toEqual(Array.from({ length: STEPS + 1 }, (_, step) => step));
  });
});

describe('a process that is killed', () => {
  it.each([0, 1])('is number %i: it is started again, and the weights are the same', async (rank) => {
    for (let killed = 0; killed <= STEPS; killed += 3) {
      const onStep: Options['onStep'] = (step, kill) => step === killed && kill(rank);
      const { weights, restarts } = await trainOn(2, { onStep });
      expect(digest(weights)).toBe(expected);
      if (killed === STEPS && restarts.length === 0) continue; // its weights were sent before
      expect(restarts).toMatchObject([{ rank }]);
      expect(restarts[0]!.from).toBeLessThanOrEqual(killed);
      // It may have sent its sums of the step before it was killed.
      expect(restarts[0]!.step - killed).toBeOneOf([0, 1]);
    }
    expect(running()).toEqual([]);
  });

  it('repeats the steps since the stored state alone', async () => {
    const onStep: Options['onStep'] = (step, kill) => step === 7 && kill(1);
    const { weights, restarts } = await trainOn(3, { storeEvery: 5, onStep });
    expect(restarts).toMatchObject([{ rank: 1, from: 5 }]);
    expect(digest(weights)).toBe(expected);
  });

  it('may be any in every step, and several at once', async () => {
    const onStep: Options['onStep'] = (step, kill) => {
      kill(step % 3);
      if (step % 2) kill(2);
    };
    const { weights, restarts } = await trainOn(3, { onStep });
    expect(digest(weights)).toBe(expected);
    expect(restarts.length).toBeGreaterThanOrEqual(STEPS);
    expect(running()).toEqual([]);
  });

  it.each<Fault>([
    { point: 'at', times: 2 },
    { point: 'sums', times: 2 },
    { point: 'sums', times: 3, after: 4 },
    { point: 'write', times: 1 },
    { point: 'write', times: 2, after: 1 },
    { point: 'rename', times: 2 },
    { point: 'rename', times: 1, after: 3 },
    { point: 'renamed', times: 2 },
    { point: 'stored', times: 1, after: 4 },
    { point: 'weights', times: 2 },
  ])('changes nothing: $times at "$point"', async (fault) => {
    plan(fault);
    const { weights } = await trainOn(2);
    expect(logged('fault-')).toHaveLength(fault.times);
    expect(digest(weights)).toBe(expected);
    expect(readdirSync(folder)).toEqual(['run-1.state']);
    expect(running()).toEqual([]);
  });

  it('is replaced if it is silent', async () => {
    plan({ point: 'sums', times: 1, after: 2, signal: 'SIGSTOP' });
    const { weights, restarts } = await trainOn(2, { timeLimit: 10_000 });
    expect(restarts).toHaveLength(1);
    expect(digest(weights)).toBe(expected);
    expect(running()).toEqual([]);
  });

  it('leaves the older state whole when it is killed while it writes', async () => {
    // Each process stores one state, and is killed while it writes the next.
    plan({ point: 'write', times: 2, after: 1 });
    const { weights, restarts } = await trainOn(2);
    expect(digest(weights)).toBe(expected);
    expect(restarts.map(({ from }) => from)).toEqual([2, 4]);
  });

  it('ends the run with an error that names it, if it dies again and again', async () => {
    plan({ point: 'rename', times: 100 });
    const message = 'process 0 died 3 times in step 2: killed by SIGKILL';
    await expect(trainOn(2)).rejects.toThrow(message);
    expect(logged('pid-')).toHaveLength(4);
    expect(running()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends the run if the state that it starts from is damaged, and says so', async () => {
    const onStep: Options['onStep'] = (step, kill) => {
      if (step !== 5) return;
      kill(1);
      truncateSync(file, 100_000);
    };
    const message = new RegExp(`process 1 died 3 times in step [56]: ${file} is damaged`);
    await expect(trainOn(2, { storeEvery: 4, onStep })).rejects.toThrow(message);
    expect(running()).toEqual([]);
  });

  it('ends the run if another run has replaced the state', async () => {
    await trainOn(1);
    const other = join(home, 'other.state');
    copyFileSync(file, other);
    const onStep: Options['onStep'] = (step, kill) => {
      if (step !== 5) return;
      kill(1);
      copyFileSync(other, file);
    };
    const message = /process 1 found the state of step 9 in .*, but the run is in step [56]: does another run use/;
    await expect(trainOn(2, { storeEvery: 4, onStep })).rejects.toThrow(message);
    expect(running()).toEqual([]);
  });
});

it('a process that computes other numbers is found', async () => {
  plan({ point: 'sqrt', times: 1 });
  await expect(trainOn(2)).rejects.toThrow('process 1 has other weights than process 0');
  expect(running()).toEqual([]);
});

describe('a stored state', () => {
  /** Stores the state of an early step. */
  const interrupt = async () => {
    const controller = new AbortController();
    const onStep: Options['onStep'] = (step) => step === 5 && controller.abort(new Error('enough'));
    await expect(trainOn(2, { signal: controller.signal, onStep })).rejects.toThrow('enough');
    expect(running()).toEqual([]);
  };

  it.each([1, 2, 4])('of 2 processes is continued on %i', async (processes) => {
    await interrupt();
    const { weights, from } = await trainOn(processes, { resume: true });
    expect(from).toBe(4);
    expect(digest(weights)).toBe(expected);
  });

  it('is continued several times, and after the end', async () => {
    for (let limit = 3; limit <= STEPS; limit += 3) {
      const controller = new AbortController();
      const onStep: Options['onStep'] = (step) => step === limit && controller.abort(new Error('enough'));
      await expect(trainOn(2, { resume: true, signal: controller.signal, onStep })).rejects.toThrow('enough');
      // The state of an even limit may not have been stored yet.
      expect(readState(file, settings).step).toBeOneOf([limit - 1, limit, limit - 2]);
    }
    for (const _ of [1, 2]) expect(digest((await trainOn(3, { resume: true })).weights)).toBe(expected);
    expect((await trainOn(2, { resume: true })).from).toBe(STEPS);
  });

  it('is deleted without `resume`', async () => {
    await interrupt();
    expect((await trainOn(2)).from).toBe(0);
  });

  it('keeps every bit', () => {
    const state = initialState(settings);
    state.step = 12;
    state.velocity.set([1, -0, Number.NaN, 1e-45]);
    writeState(file, state, settings);
    const { step, generator, weights, velocity } = readState(file, settings);
    expect({ step, generator: generator.toJSON() }).toEqual({ step: 12, generator: state.generator.toJSON() });
    expect([weights, velocity].map(digest)).toEqual([state.weights, state.velocity].map(digest));
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['a flipped bit of its digest', (bytes) => bytes.fill(bytes[3]! ^ 1, 3, 4)],
    ['a flipped bit of its step', (bytes) => bytes.fill(bytes[41]! ^ 1, 41, 42)],
    ['a flipped bit of a weight', (bytes) => bytes.fill(bytes[100_000]! ^ 16, 100_000, 100_001)],
    ['a flipped bit at its end', (bytes) => bytes.fill(bytes.at(-1)! ^ 1, bytes.length - 1)],
    ['its last byte missing', (bytes) => bytes.subarray(0, -1)],
    ['a byte too many', (bytes) => Buffer.concat([bytes, Buffer.of(0)])],
    ['half of it missing', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['nothing in it', () => Buffer.alloc(0)],
    ['the content of another file', () => readFileSync(MAIN)],
  ])('with %s is refused before a process is started', async (_, damage) => {
    writeState(file, initialState(settings), settings);
    writeFileSync(file, damage(readFileSync(file)));
    await expect(trainOn(2, { resume: true })).rejects.toThrow(`${file} is damaged: delete it, and start again`);
    expect(logged('pid-')).toEqual([]);
  });

  it.each([
    [
      { ...settings, seed: 43 },
      'is of a run with --seed 42, not 43: give --seed 42, another folder with --state DIR, or',
    ],
    [
      { ...settings, batch: 50 },
      'of a run with --batch 100, not 50: give --batch 100, another folder with --state DIR, or',
    ],
    [
      { ...settings, epochs: 1 },
      'is of step 6, but the run ends with step 3: give more --epochs, another folder with --st',
    ],
  ])('of another run is refused, with what to do: %o', async (other, message) => {
    writeState(file, { ...initialState(settings), step: 6 }, settings);
    await expect(trainOn(2, { resume: true, settings: other })).rejects.toThrow(message);
    expect(logged('pid-')).toEqual([]);
  });

  it('is refused if it is a folder', async () => {
    mkdirSync(file);
    await expect(trainOn(2, { resume: true })).rejects.toThrow('EISDIR');
  });
});

describe('the tree', () => {
  it('gives the same bits for any split of any number of groups', () => {
    const sums = Array.from({ length: 40 }, (_, i) => Float32Array.of(1 / (i + 1), 1e8 / (i + 3), -(2 ** i)));
    const totalOf = (groups: number, cuts: number[]) => {
      const ends = [...cuts.filter((cut) => cut < groups).sort((a, b) => a - b), groups];
      const nodes = ends.flatMap((end, i) => {
        const own: Node[] = [];
        for (let index = ends[i - 1] ?? 0; index < end; index++) {
          push(own, { level: 0, index, sum: Float32Array.from(sums[index]!) });
        }
        expect(own.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(groups + 1)));
        return own;
      });
      return Array.from(total(nodes));
    };
    assert(
      property(nat(38), uniqueArray(nat(39)), (groups, cuts) => {
        expect(totalOf(groups + 1, cuts)).toEqual(totalOf(groups + 1, []));
      }),
    );
    // Not so without the tree.
    const inOrder = sums.reduce((a, b) => a.map((value, i) => value + b[i]!));
    expect(totalOf(40, [])).not.toEqual(Array.from(inOrder));
  });
});

describe('main.js', () => {
  const run = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [MAIN, '--state', folder, ...args])).stdout;
  const short = ['--epochs', '1'];
  const started: ChildProcess[] = [];
  /** Starts a run that a test ends, or `afterEach` if the test fails. */
  const start = (args: string[], options: SpawnOptions = {}) => {
    const child = spawn(process.execPath, [MAIN, '--state', folder, ...args], { ...options, stdio: 'pipe' });
    started.push(child);
    return child;
  };
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  it('prints what README.md shows: one digest for 1, 2 and 4 processes, also after kills, in 80 columns', async () => {
    const printed = await run();
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(new Set(printed.match(/[0-9a-f]{16}(?= │$)/gm)).size).toBe(1);
    // A process that is killed may have sent its sums of the step before.
    const timeless = (text: string) =>
      text.replaceAll(/─+| +[\d.]+ s │|time|(?<=died in step )\d+/g, '').replaceAll(/ +/g, ' ');
    expect(timeless(readFileSync(join(folderOf('shards'), 'README.md'), 'utf8'))).toContain(timeless(printed));
    expect(readdirSync(folder)).toEqual(['lock', ...[1, 2, 3, 4].map((number) => `run-${number}.state`)]);
  });

  it('continues a run that was killed as a whole, on another number of processes', async () => {
    const whole = await run(...short, '--processes', '1');
    rmSync(file);
    const child = start([...short, '--processes', '3', '--store', '2'], { detached: true });
    const closed = once(child, 'close');
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
    process.kill(-child.pid!, 'SIGKILL');
    await closed;
    await expect.poll(running, { timeout: 10_000 }).toEqual([]);
    const resumed = await run(...short, '--processes', '2', '--resume');
    expect(resumed).toMatch(/^Run 1 continued from the state of step \d+\.$/m);
    expect(resumed.match(/[0-9a-f]{16}/)![0]).toBe(whole.match(/[0-9a-f]{16}/)![0]);
  });

  /** Starts a run that does not end, and waits for its first stored state. */
  const begin = async () => {
    const child = start(['--processes', '2', '--epochs', '1000']);
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
    return child;
  };

  it('refuses a folder that another run uses, until that is killed', async () => {
    const child = await begin();
    const [closed, pids] = [once(child, 'close'), logged('pid-')];
    for (const args of [short, ['--seed', '7'], ['--resume']]) {
      const stderr = `another run uses ${folder}: end it, or give this run another folder with --state DIR\n`;
      await expect(run(...args)).rejects.toMatchObject({ code: 1, stdout: '', stderr });
    }
    expect(logged('pid-')).toEqual(pids);
    expect(existsSync(file)).toBe(true);
    expect(await run(...short, '--processes', '1', '--state', join(folder, 'another'))).toMatch(/[0-9a-f]{16} │$/m);
    expect(isRunning(child.pid!)).toBe(true);
    child.kill('SIGKILL');
    await closed;
    await expect.poll(running, { timeout: 10_000 }).toEqual([]);
    expect(await run(...short, '--processes', '1')).toMatch(/[0-9a-f]{16} │$/m);
  });

  it('lets one of several runs that start at once use the folder', async () => {
    const children = Array.from({ length: 4 }, () => start(['--processes', '1', '--epochs', '1000']));
    const exits = children.map((child) => once(child, 'exit'));
    const refused = () => children.filter(({ exitCode }) => exitCode === 1);
    await expect.poll(() => refused().length, { timeout: 60_000 }).toBe(3);
    // The one that is left trains.
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
    for (const child of children) child.kill('SIGINT');
    const codes = await Promise.all(exits);
    expect(codes.map(([code]) => code).sort()).toEqual([1, 1, 1, 130]);
    expect(logged('pid-')).toHaveLength(1);
  });

  it('deletes the states of all older runs without --resume, and no other file', async () => {
    const older = ['run-1.state', 'run-2.state', 'run-4.state', 'run-12.state', 'run-3.state.4711'];
    const others = ['run-x.state', 'run-1.state.txt', 'my-run-1.state', 'notes.txt'];
    for (const name of [...older, ...others]) writeFileSync(join(folder, name), '');
    await run(...short, '--processes', '1');
    expect(readdirSync(folder).sort()).toEqual(['lock', ...others, 'run-1.state'].sort());
  });

  it('tells a run that had ended from one that is continued', async () => {
    await run(...short, '--processes', '1');
    const ended = await run(...short, '--processes', '2', '--resume');
    expect(ended).toMatch(/│ 2 +│ +– │ +– │/);
    expect(ended).toMatch(/^Run 1 had ended before\.$/m);
    const longer = await run('--epochs', '2', '--processes', '1', '--resume');
    expect(longer).toMatch(/│ 1 +│ +0 │ +[\d.]+ s │/);
    expect(longer).toMatch(/^Run 1 continued from the state of step 16\.$/m);
    expect(longer).not.toContain('had ended');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('leaves no process after %s', async (signal) => {
    const child = await begin();
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    const closed = once(child, 'exit');
    child.kill(signal);
    const codes = { SIGINT: [130, null], SIGTERM: [143, null], SIGKILL: [null, 'SIGKILL'] };
    expect(await closed).toEqual(codes[signal]);
    await expect.poll(running, { timeout: 10_000 }).toEqual([]);
    expect(errors).toBe(signal === 'SIGKILL' ? '' : `ended by ${signal}; --resume continues\n`);
  });

  it('leaves no process after Ctrl-C in a terminal, which signals all of them', async () => {
    const child = start(['--processes', '3', '--epochs', '1000'], { detached: true });
    const closed = once(child, 'exit');
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
    process.kill(-child.pid!, 'SIGINT');
    expect(await closed).toEqual([130, null]);
    expect(running()).toEqual([]);
  });

  it('prints help in 80 columns', async () => {
    const help = await run('--help');
    for (const option of ['processes', 'kill', 'epochs', 'batch', 'seed', 'store', 'state', 'resume']) {
      expect(help).toContain(`--${option}`);
    }
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    [['--processes', '0'], /--processes takes a whole number from 1 to 64, but got "0"/],
    [['--processes', '65'], /--processes takes a whole number from 1 to 64, but got "65"/],
    [['--epochs', '0'], /--epochs takes a whole number from 1 to 1000, but got "0"/],
    [['--batch', '4001'], /--batch takes a whole number from 1 to 4000, but got "4001"/],
    [['--seed', '1.5'], /--seed takes a whole number from 0 to .*, but got "1.5"/],
    [['--store', 'all'], /--store takes a whole number from 1 to .*, but got "all"/],
    [['--kill', '1'], /--kill 1: STEP takes a whole number from 0 to 127, but got ""/],
    [['--kill', '4@1'], /--kill 4@1: N takes a whole number from 0 to 3, but got "4"/],
    [['--kill', '0@128'], /--kill 0@128: STEP takes a whole number from 0 to 127, but got "128"/],
    [['--kill', '0@1@2'], /--kill takes N@STEP, but got "0@1@2"/],
    [['--resume'], /--resume found no stored state in /],
    [['--threads', '2'], /Unknown option '--threads'/],
    [['4'], /Unexpected argument '4'/],
  ])('refuses %s with exit code 1', async (args, message) => {
    const stderr = expect.stringMatching(new RegExp(`^.*${message.source}.*\\n$`));
    await expect(run(...args)).rejects.toMatchObject({ code: 1, stderr, stdout: '' });
    expect(logged('pid-')).toEqual([]);
  });
});

it('has correct types', () => checkTypes('shards'));
