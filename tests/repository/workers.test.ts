/** The workers example in Node: one digest for any number of workers, also after faults. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createModel } from '../../examples/workers/model.js';
import { runOnWorkers } from '../../examples/workers/pool.js';
import { digestOf, short } from '../../examples/workers/report.js';

const example = (name: string) => fileURLToPath(new URL(`../../examples/workers/${name}`, import.meta.url));
const run = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, [example('main.js'), ...args])).stdout;

const workerpool = createRequire(import.meta.url).resolve('workerpool');

const SAMPLES = 40;

/** Of a run of the same model without workers, on the source of the package. */
let expected: string;
beforeAll(async () => {
  const { predict, layers, kind } = createModel();
  expected = await digestOf(await monteCarlo(predict, { samples: SAMPLES, seed: 42, layers, kind }));
});

describe('main.js', () => {
  it('prints the same digest for 1, 2 and 4 workers as a run without workers, in 80 columns', async () => {
    const printed = await run('--samples', `${SAMPLES}`);
    const rows = [...printed.matchAll(/^│ (\d+) .* s │ ([0-9a-f]{16}) │$/gm)].map(([, workers, digest]) => [
      workers,
      digest,
    ]);
    expect(rows).toEqual(['1', '2', '4'].map((workers) => [workers, short(expected)]));
    expect(printed).toMatch(/^│ far away .*\d\.\d{3} │$/m);
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('prints the same digest for ranges of another size, and another one for another seed', async () => {
    const args = ['--samples', `${SAMPLES}`, '--workers', '3', '--range', '7'];
    expect(await run(...args)).toContain(short(expected));
    expect(await run(...args, '--seed', '43')).not.toContain(short(expected));
  });

  it('prints the digest and the table that README.md shows', async () => {
    const shown = readFileSync(example('README.md'), 'utf8');
    const [, digest, table] = (await run('--workers', '2')).match(/([0-9a-f]{16})[^\n]*\n[^\n]*\n\n([\s\S]*)$/)!;
    expect(shown.match(/[0-9a-f]{16}(?= │$)/gm)).toEqual(Array(3).fill(digest));
    expect(shown).toContain(`\n${table}`);
  });

  it('prints help in 80 columns', async () => {
    const help = await run('--help');
    for (const option of ['--workers', '--samples', '--range', '--seed']) expect(help).toContain(option);
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    [['--workers', '0'], /--workers takes a whole number from 1 to 64, but got "0"/],
    [['--workers', '65'], /--workers takes a whole number from 1 to 64, but got "65"/],
    [['--samples', '1.5'], /--samples takes a whole number from 1 to .*, but got "1.5"/],
    [['--range', 'all'], /--range takes a whole number from 1 to .*, but got "all"/],
    [['--seed', '-1'], /seed/],
    [['--threads', '2'], /Unknown option '--threads'/],
    [['4'], /Unexpected argument '4'/],
  ])('refuses %s with exit code 1', async (args, message) => {
    await expect(run(...args)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message), stdout: '' });
  });

  it('ends its workers at Ctrl-C, and says so', async () => {
    const child = spawn(process.execPath, [example('main.js'), '--samples', '1000000']);
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(errors).toBe('ended by SIGINT\n');
  });
});

it('serve.js prints help, and refuses wrong arguments', async () => {
  const serve = (...args: string[]) => promisify(execFile)(process.execPath, [example('serve.js'), ...args]);
  expect((await serve('--help')).stdout).toContain('--port N');
  const refusal = { code: 1, stderr: '--port takes 0 to 65535, but got "65536"\n' };
  await expect(serve('--port', '65536')).rejects.toMatchObject(refusal);
});

describe('the pool', () => {
  const options = { workers: 2, samples: SAMPLES, seed: 42, rangeSize: 8 };
  const worker = example('worker.js');

  const folder = mkdtempSync(join(tmpdir(), 'workers-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  interface Thread extends Worker {
    emit(name: string, ...values: unknown[]): boolean;
  }
  /** What happened to the threads of a test. */
  let log: { started: number; ended: number; sent: number[] };
  /** Called with each range that a thread is sent. */
  let onSend: (thread: Thread, from: number) => void;
  /** Changes the bytes of an answer. Undefined for a thread that does not answer. */
  let onAnswer: (bytes: Uint8Array) => Uint8Array | undefined;

  function record(thread: Thread) {
    // Threads of an earlier test may end during this one.
    const own = log;
    own.started++;
    thread.on('exit', () => own.ended++);
    const post = thread.postMessage.bind(thread);
    thread.postMessage = (message: { method?: string; params: { from: number }[] }) => {
      post(message);
      if (message.method !== 'compute') return;
      const { from } = message.params[0]!;
      own.sent.push(from);
      onSend(thread, from);
    };
    const emit = thread.emit.bind(thread);
    thread.emit = (name, ...values) => {
      const [message] = values as { result?: Uint8Array }[];
      if (name !== 'message' || !message?.result) return emit(name, ...values);
      const result = onAnswer(message.result);
      return result !== undefined && emit(name, { ...message, result });
    };
  }

  beforeEach(() => {
    log = { started: 0, ended: 0, sent: [] };
    onSend = () => {};
    onAnswer = (bytes) => bytes;
    process.on('worker', record);
  });
  afterEach(() => {
    process.off('worker', record);
  });

  it('computes the range of a killed thread again, by another thread', async () => {
    let isKilled = false;
    onSend = (thread, from) => {
      if (from !== 16 || isKilled) return;
      isKilled = true;
      setTimeout(() => thread.terminate(), 5);
    };
    expect(await digestOf(await runOnWorkers(worker, options))).toBe(expected);
    expect(log).toEqual({ started: 3, ended: 3, sent: expect.anything() });
    expect(log.sent.sort((a, b) => a - b)).toEqual([0, 8, 16, 16, 24, 32]);
  });

  it.each([
    ['does not answer', () => undefined, 5000],
    ['sends damaged bytes', (bytes: Uint8Array) => bytes.map((byte, i) => (i === 70 ? byte ^ 1 : byte)), 60_000],
  ])('replaces a worker that %s', async (_, damage, timeLimit) => {
    let answers = 0;
    onAnswer = (bytes) => (answers++ === 1 ? damage(bytes) : bytes);
    expect(await digestOf(await runOnWorkers(worker, { ...options, timeLimit }))).toBe(expected);
    expect(log).toEqual({ started: 3, ended: 3, sent: expect.anything() });
    expect(log.sent).toHaveLength(6);
  });

  it.each([
    ['throws', `require(${JSON.stringify(workerpool)}).worker({ compute: broken })`, 'broken'],
    ['dies', "parentPort.on('message', broken).postMessage('ready')", 'broken'],
    ['ends', 'process.exit()', 'a worker ended or was not loaded'],
    ['is silent', "parentPort.on('message', () => {}).postMessage('ready')", 'Promise timed out after 300 ms', 300],
    ['sends other bytes', "parentPort.on('message', answer).postMessage('ready')", 'bytes has to be whole'],
  ])(
    'fails if every worker of a range %s, with the reason, and ends all threads',
    async (_, code, reason, limit?: number) => {
      const script = join(folder, 'worker.cjs');
      writeFileSync(
        script,
        `const { parentPort } = require('node:worker_threads');
      const broken = () => { throw new Error('broken'); };
      const answer = ({ id }) => parentPort.postMessage({ id, result: new Uint8Array(8) });
      ${code}`,
      );
      const running = runOnWorkers(script, { ...options, workers: 1, timeLimit: limit ?? 60_000 });
      await expect(running).rejects.toThrow(`samples 0 to 7 failed 3 times: ${reason}`);
      await expect.poll(() => log).toMatchObject({ started: 3, ended: 3 });
    },
  );

  it('fails if workers cannot be started', async () => {
    await expect(runOnWorkers(join(folder, 'none.js'), options)).rejects.toThrow('Cannot find module');
  });

  it.each([1, 2])('ends all of %i threads when the signal aborts', async (workers) => {
    const controller = new AbortController();
    const onRange = () => controller.abort(new Error('enough'));
    const running = runOnWorkers(worker, { ...options, workers, samples: 1e6, signal: controller.signal, onRange });
    await expect(running).rejects.toThrow('enough');
    expect(log).toMatchObject({ started: workers, ended: workers });
  });

  it('ends when the signal aborts while a thread is replaced', async () => {
    const controller = new AbortController();
    onAnswer = (bytes) => {
      setImmediate(() => controller.abort(new Error('enough')));
      return bytes.subarray(8);
    };
    const running = runOnWorkers(worker, { ...options, workers: 1, signal: controller.signal });
    await expect(running).rejects.toThrow('enough');
    expect(log).toMatchObject({ started: 1, ended: 1 });
  });

  it.each(['workers', 'samples', 'rangeSize'])('refuses 0, 1.5 and text as %s', async (name) => {
    for (const value of [0, 1.5, '2'])
      await expect(runOnWorkers(worker, { ...options, [name]: value })).rejects.toThrow(`${name} has to be a whole`);
    expect(log.started).toBe(0);
  });

  it('starts nothing under a signal that has aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(runOnWorkers(worker, { ...options, signal })).rejects.toThrow('enough');
    expect(log.started).toBe(0);
  });

  it('gives partial results of ever more samples', async () => {
    const counts: number[] = [];
    await runOnWorkers(worker, { ...options, onRange: ({ count }) => counts.push(count) });
    expect(counts).toEqual([8, 16, 24, 32, 40]);
  });
});

it('train.js writes weights.js', () => {
  const folder = mkdtempSync(join(tmpdir(), 'workers-'));
  try {
    const out = join(folder, 'weights.js');
    execFileSync(process.execPath, [example('train.js'), out]);
    expect(readFileSync(out, 'utf8')).toBe(readFileSync(example('weights.js'), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
