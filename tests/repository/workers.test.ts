/** The workers example in Node: one digest for any number of workers, also after faults. */
import { execFile, execFileSync, spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../../examples/workers/model.js';
import { spawn } from '../../examples/workers/node-spawn.js';
import { runOnWorkers } from '../../examples/workers/pool.js';
import { digestOf, short } from '../../examples/workers/report.js';

type Spawn = typeof spawn;

const example = (name: string) => fileURLToPath(new URL(`../../examples/workers/${name}`, import.meta.url));
const run = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, [example('main.js'), ...args])).stdout;

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
    const rows = [...printed.matchAll(/^(\d+) .* s +([0-9a-f]{16})$/gm)].map(([, workers, digest]) => [
      workers,
      digest,
    ]);
    expect(rows).toEqual(['1', '2', '4'].map((workers) => [workers, short(expected)]));
    expect(printed).toMatch(/^far away .*\d\.\d{3}$/m);
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('prints the same digest for ranges of another size, and another one for another seed', async () => {
    const args = ['--samples', `${SAMPLES}`, '--workers', '3', '--range', '7'];
    expect(await run(...args)).toContain(short(expected));
    expect(await run(...args, '--seed', '43')).not.toContain(short(expected));
  });

  it('prints the digest and the table that README.md shows', async () => {
    const shown = readFileSync(example('README.md'), 'utf8');
    const [, digest, table] = (await run('--workers', '2')).match(/([0-9a-f]{16})\n\n([\s\S]*)$/)!;
    expect(shown.match(/ [0-9a-f]{16}$/gm)).toEqual(Array(3).fill(` ${digest}`));
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
    const child = spawnProcess(process.execPath, [example('main.js'), '--samples', '1000000']);
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

describe('the pool on worker threads', () => {
  /** Starts threads, and keeps what happened to them. */
  function recorder(start: Spawn = spawn) {
    const log = { started: 0, ended: 0, sent: [] as number[] };
    const recorded: Spawn = (onBytes, onFault) => {
      const thread = start(onBytes, onFault) as Worker;
      log.started++;
      thread.on('exit', () => log.ended++);
      return {
        postMessage(range) {
          log.sent.push(range.from);
          thread.postMessage(range);
        },
        terminate: () => thread.terminate(),
      };
    };
    return { log, spawn: recorded };
  }

  const options = { workers: 2, samples: SAMPLES, seed: 42, rangeSize: 8 };

  it('computes the range of a killed thread again, by another thread', async () => {
    let killed = false;
    const { log, spawn: recorded } = recorder((onBytes, onFault) => {
      const thread = spawn(onBytes, onFault) as Worker;
      const post = thread.postMessage.bind(thread);
      thread.postMessage = (range) => {
        post(range);
        if (range.from !== 16 || killed) return;
        killed = true;
        setTimeout(() => thread.terminate(), 5);
      };
      return thread;
    });
    const result = await runOnWorkers(recorded, options);
    expect(await digestOf(result)).toBe(expected);
    expect(log).toEqual({ started: 3, ended: 3, sent: expect.anything() });
    expect(log.sent.sort((a, b) => a - b)).toEqual([0, 8, 16, 16, 24, 32]);
  });

  it('fails with the fault of a range that failed three times, and ends all threads', async () => {
    const { log, spawn: recorded } = recorder((_, onFault) =>
      new Worker("require('node:worker_threads').parentPort.on('message', () => { throw new Error('broken') })", {
        eval: true,
      }).on('error', onFault),
    );
    await expect(runOnWorkers(recorded, { ...options, workers: 1 })).rejects.toThrow(
      'samples 0 to 7 failed 3 times: broken',
    );
    expect(log).toEqual({ started: 3, ended: 3, sent: [0, 0, 0] });
  });

  it('ends all threads when the signal aborts', async () => {
    const { log, spawn: recorded } = recorder();
    const controller = new AbortController();
    const onRange = () => controller.abort(new Error('enough'));
    const running = runOnWorkers(recorded, { ...options, samples: 1e6, signal: controller.signal, onRange });
    await expect(running).rejects.toThrow('enough');
    expect(log).toMatchObject({ started: 2, ended: 2 });
  });
});

describe('the pool', () => {
  const compute = (from: number, samples: number) =>
    monteCarlo(({ generator }) => Float64Array.of(Number(generator.next() >> 11n)), { from, samples, seed: 1 });

  /**
   * Workers in this thread. Each call of `answer` gives the bytes of a worker's answer, or undefined for a worker that
   * does not answer.
   */
  function workersThat(answer: (bytes: Uint8Array, answers: number) => Uint8Array | undefined) {
    let answers = 0;
    const start: Spawn = (onBytes, onFault) => ({
      postMessage({ from, samples }) {
        compute(from, samples).then((part) => {
          const bytes = answer(part.toBytes(), answers++);
          if (bytes) onBytes(bytes);
        }, onFault);
      },
      terminate() {},
    });
    return start;
  }

  const options = { workers: 2, samples: 40, seed: 1, rangeSize: 8, timeLimit: 50 };
  const whole = async () => (await compute(0, 40)).toBytes();

  it.each([
    ['does not answer', () => undefined],
    ['sends damaged bytes', (bytes: Uint8Array) => bytes.map((byte, i) => (i === 70 ? byte ^ 1 : byte))],
  ])('replaces a worker that %s', async (_, damage) => {
    const spawn = workersThat((bytes, answers) => (answers % 3 === 1 ? damage(bytes) : bytes));
    expect((await runOnWorkers(spawn, options)).toBytes()).toEqual(await whole());
  });

  it.each([
    ['does not answer', () => undefined, 'a worker did not answer within 50 ms'],
    ['sends damaged bytes', (bytes: Uint8Array) => bytes.subarray(8), 'bytes has to be whole'],
  ])('fails if every worker %s', async (_, damage, message) => {
    await expect(runOnWorkers(workersThat(damage), options)).rejects.toThrow(message);
  });

  it('fails at once if workers cannot be started', async () => {
    const start = () => {
      throw new Error('no workers here');
    };
    await expect(runOnWorkers(start, options)).rejects.toThrow('no workers here');
  });

  it('starts nothing under a signal that has aborted', async () => {
    const start = () => expect.fail('a worker was started');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(runOnWorkers(start, { ...options, signal })).rejects.toThrow('enough');
  });

  it('gives partial results of ever more samples', async () => {
    const counts: number[] = [];
    await runOnWorkers(
      workersThat((bytes) => bytes),
      { ...options, onRange: ({ count }) => counts.push(count) },
    );
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
