/** The queue example: one digest for any number of workers, also when workers, its process or Redis are lost. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClassifier, weightsFromBytes } from '../../examples/digits/classifier.js';
import { loadDigits } from '../../examples/digits/data.js';
import { startRedis } from '../../examples/queue/redis.js';
import { which } from '../../scripts/programs.js';
import { requiresAll } from '../runtimes/mode.js';
import { checkTypes, folderOf, installExample } from './support.js';

const FOLDER = folderOf('queue');
const MAIN = join(FOLDER, 'main.js');

const SAMPLES = 80;
const DIGITS = 20;
const SIZE = ['--samples', `${SAMPLES}`, '--digits', `${DIGITS}`];

const { images } = loadDigits(1000, DIGITS).test;
const weights = weightsFromBytes(readFileSync(join(FOLDER, '../digits/weights.bin')));

/** The bytes of a range of samples, computed in this process on the source of the package. */
async function bytesOf(from: number, to: number, seed: number | bigint = 42): Promise<Uint8Array> {
  const { predict, layers, kind } = createClassifier(weights, images);
  return (await monteCarlo(predict, { from, samples: to - from, seed, layers, kind })).toBytes();
}
const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const run = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
  const { REDIS_URL: _, ...rest } = process.env;
  return (await promisify(execFile)(process.execPath, [MAIN, ...args], { env: { ...rest, ...env } })).stdout;
};
/** The rows of the first table: workers, how many ranges were repeated, digest. */
const rowsOf = (printed: string) =>
  [...printed.matchAll(/^│ +(\d.*?) │ .* s │ +(\d+) │ ([0-9a-f]{16}) │$/gm)].map((match) => match.slice(1));

/** Whether a process lives. A zombie, whose parent has ended, does not. */
function lives(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
const childrenOf = (pid: number) =>
  execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().match(/^(\d+) +(\d+) (.*)$/))
    .flatMap((match) => (match && Number(match[2]) === pid ? [{ pid: Number(match[1]), args: match[3]! }] : []));

let expected: string;
beforeAll(async () => {
  expected = digestOf(await bytesOf(0, SAMPLES));
  await installExample('queue');
});

it('has correct types', () => checkTypes('queue'));

it('main.js and worker.js print help in 80 columns', async () => {
  const help = await run(['--help']);
  for (const option of ['--redis', '--workers', '--samples', '--range', '--digits', '--seed', '--run'])
    expect(help).toContain(option);
  const worker = await promisify(execFile)(process.execPath, [join(FOLDER, 'worker.js'), '--help']);
  expect(worker.stdout).toContain('--run NAME');
  for (const line of (help + worker.stdout).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

it.each([
  [['--workers', '0'], '--workers takes a whole number from 1 to 64, but got "0"'],
  [['--samples', '1.5'], '--samples takes a whole number from 1 to 9007199254740991, but got "1.5"'],
  [['--range', 'all'], '--range takes a whole number from 1 to 9007199254740991, but got "all"'],
  [
    ['--samples', '100000', '--range', '9'],
    '--range takes at least 10 for 100000 samples, since a run has at most 10000 ranges, but got "9"',
  ],
  [['--digits', '2001'], '--digits takes a whole number from 1 to 2000, but got "2001"'],
  [['--seed', '-1'], expect.stringContaining('seed')],
  [['--seed', `${2n ** 64n}`], '--seed takes a whole number from 0 to 2^64 - 1, but got "18446744073709551616"'],
  [['--run', 'a'], '--run needs --redis and --workers'],
  [['--run', 'a:b', '--redis', 'redis://x', '--workers', '1'], expect.stringMatching(/^--run takes up to 64 letters/)],
  [['--redis', '127.0.0.1'], '--redis or REDIS_URL takes a URL such as redis://127.0.0.1:6379'],
  [['--redis', 'http://:secret@127.0.0.1'], expect.not.stringContaining('secret')],
  [['--redis', 'redis://:secret@127.0.0.1:1'], 'Redis at redis://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1'],
  [['--threads', '2'], expect.stringContaining("Unknown option '--threads'")],
  [['4'], expect.stringContaining("Unexpected argument '4'")],
])('main.js refuses %s with exit code 1', async (args, message) => {
  const error = await run(args).catch((error) => error);
  expect(error).toMatchObject({ code: 1, stdout: '' });
  expect(error.stderr.trimEnd()).toEqual(message);
});

it('main.js says what to install if there is no redis-server', async () => {
  const error = await run([], { PATH: '' }).catch((error) => error);
  expect(error).toMatchObject({ code: 1, stdout: '' });
  expect(error.stderr).toMatch(
    /^redis-server is not installed: apt-get install .*, brew install .*, or docker run .*\n$/,
  );
});

it.each([
  ['run', ['--redis', 'redis://127.0.0.1:1'], '--run takes up to 64 letters, digits, _ and -, but got ""'],
  ['Redis', ['--run', 'a'], '--redis or REDIS_URL takes a URL such as redis://127.0.0.1:6379'],
])('worker.js refuses to start without a %s', async (_, args, message) => {
  const running = promisify(execFile)(process.execPath, [join(FOLDER, 'worker.js'), ...args], {
    env: { ...process.env, REDIS_URL: '' },
  });
  await expect(running).rejects.toMatchObject({ code: 1, stderr: `${message}\n` });
});

describe.skipIf(!requiresAll && !which('redis-server'))('with redis-server', () => {
  describe('main.js', () => {
    it('prints one digest for 1, 3 and 7 workers, and with a killed one: that of a run in one process', async () => {
      const printed = await run(SIZE);
      const rows = rowsOf(printed);
      expect(rows.map(([workers]) => workers)).toEqual(['1', '3', '7', '3, one killed']);
      for (const [, , digest] of rows) expect(expected).toMatch(`${digest}`);
      expect(Number(rows[3]![1])).toBeGreaterThan(0);
      for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    });

    it('prints the same digest for ranges of another size, and another one for another seed', async () => {
      const args = [...SIZE, '--workers', '2', '--range', '7'];
      expect(await run(args)).toContain(expected.slice(0, 16));
      expect(await run([...args, '--seed', '43'])).toContain(digestOf(await bytesOf(0, SAMPLES, 43)).slice(0, 16));
    });

    it('takes seeds up to 2^64 - 1, and prints one sample as one', async () => {
      const seed = 2n ** 64n - 2n;
      const printed = await run(['--samples', '1', '--digits', '1', '--workers', '1', '--seed', `${seed}`]);
      expect(printed).toMatch(/^1 digit, 1 sample in ranges of 16, seed 18446744073709551614\n/);
      const { predict, layers, kind } = createClassifier(weights, images.subarray(0, 28 * 28));
      const one = await monteCarlo(predict, { samples: 1, seed, layers, kind });
      expect(printed).toContain(digestOf(one.toBytes()).slice(0, 16));
    });

    it('prints the digest and the digits that README.md shows', async () => {
      const shown = readFileSync(join(FOLDER, 'README.md'), 'utf8');
      const printed = await run(['--workers', '2']);
      expect(rowsOf(shown).map(([, , digest]) => digest)).toEqual(Array(4).fill(rowsOf(printed)[0]![2]));
      expect(shown).toContain(printed.slice(printed.indexOf('\n\n')));
      expect(shown).toContain(`\n${printed.split('\n')[0]}\n`);
    });

    it.each([
      ['Ctrl-C', 'main', 'SIGINT', [130, null], 'ended by SIGINT\n'],
      ['SIGTERM', 'main', 'SIGTERM', [143, null], 'ended by SIGTERM\n'],
      ['the end of its Redis', 'redis-server', 'SIGKILL', [1, null], 'Redis has ended\n'],
      ['kill -9', 'main', 'SIGKILL', [null, 'SIGKILL'], ''],
    ] as const)('ends its workers and its Redis at %s', async (_, target, signal, end, message) => {
      const folder = mkdtempSync(join(tmpdir(), 'queue-'));
      const args = [...SIZE, '--samples', '1000000', '--range', '100', '--workers', '2'];
      const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, TMPDIR: folder } });
      let errors = '';
      child.stderr.on('data', (data) => {
        errors += data;
      });
      const closed = once(child, 'close');
      // Two workers, Redis, and what ends Redis after kill -9.
      await expect.poll(() => childrenOf(child.pid!), { timeout: 60_000 }).toHaveLength(4);
      const children = childrenOf(child.pid!);
      expect(children.filter(({ args }) => args.includes('worker.js'))).toHaveLength(2);
      const redis = children.find(({ args }) => args.includes('redis-server'))!;
      process.kill(target === 'main' ? child.pid! : redis.pid, signal);
      expect(await closed).toEqual(end);
      expect(errors).toBe(message);
      for (const { pid } of children) await expect.poll(() => lives(pid)).toBe(false);
      expect(readdirSync(folder)).toEqual([]);
      rmSync(folder, { recursive: true });
    });
  });

  // The arguments of `script` on macOS are others.
  it.skipIf(process.platform !== 'linux')(
    'main.js ends its workers and its Redis when its terminal is closed',
    async () => {
      const large = ['--samples', '1000000', '--range', '100', '--workers', '2'];
      const command = ['exec', process.execPath, MAIN, ...large].join(' ');
      const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
      let printed = '';
      terminal.stdout.on('data', (data) => {
        printed += data;
      });
      // The bars, which write until the end.
      await expect.poll(() => printed, { timeout: 60_000 }).toMatch(/samples \d+ to/);
      const [main] = childrenOf(terminal.pid!);
      const children = childrenOf(main!.pid);
      expect(children.length).toBeGreaterThanOrEqual(3);
      terminal.kill('SIGKILL');
      for (const { pid } of [main!, ...children]) await expect.poll(() => lives(pid), { timeout: 10_000 }).toBe(false);
    },
  );

  /** The example's packages and modules, which are installed by now. */
  let bullmq: BullMQ;
  let runOnQueue: (options: Partial<Options>) => Promise<Answer>;
  let namesOf: (run: string) => Names;
  /** A Redis for all tests, with a key of somebody else. */
  let server: { url: string; stop(): Promise<void> };
  let redis: Redis;
  let connect: (url: string) => Redis;
  /** The workers' messages, in their order. */
  let log: Progress[];
  let options: Options;

  beforeAll(async () => {
    const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(join(FOLDER, name)).href);
    const require = createRequire(MAIN);
    bullmq = require('bullmq');
    const { Redis } = require('ioredis');
    connect = (url) => new Redis(url, { maxRetriesPerRequest: null });
    ({ namesOf } = await load('queue.js'));
    const { runOnQueue: start } = await load('run.js');
    runOnQueue = (changes) => start({ ...options, ...changes });
    const batch = (await load('model.js')).batchOf(images);
    server = await startRedis(() => {});
    redis = connect(server.url);
    await redis.set('bull:other', 'kept');
    options = { url: server.url, run: 'test', batch, samples: SAMPLES, rangeSize: 8, seed: 42, workers: 2 };
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => {
    log = [];
    options.onSample = (progress) => log.push(progress);
  });
  afterEach(async () => {
    expect(await redis.keys('*')).toEqual(['bull:other']);
    for (const pid of new Set(log.map(({ pid }) => pid))) expect(lives(pid)).toBe(false);
  });

  /** A worker in this process. `compute` returns the answer's bytes, if it has one. */
  async function withWorker<T>(
    compute: (from: number, to: number) => Promise<Uint8Array | undefined>,
    work: Promise<T>,
  ) {
    const { prefix, ranges, answer } = namesOf('test');
    const process = async ({ data }: { data: { from: number; to: number } }) => {
      const bytes = await compute(data.from, data.to);
      if (bytes) await redis.set(answer(data), Buffer.from(bytes));
    };
    const worker = new bullmq.Worker(ranges, process, { connection: redis, prefix, skipStalledCheck: true });
    try {
      return await work;
    } finally {
      await worker.close();
    }
  }

  describe('a run on a Redis that is given', () => {
    it('has keys of its own prefix, and removes them', async () => {
      let keys: string[] = [];
      const onRange = async () => {
        keys = [...keys, ...(await redis.keys('*'))];
      };
      const { result, digest, repeated } = await runOnQueue({ onRange });
      expect(digest).toBe(expected);
      expect(result.ranges).toEqual([[0, SAMPLES]]);
      expect(repeated).toBeGreaterThanOrEqual(0);
      expect(new Set(keys.filter((key) => !key.startsWith('dropout-wasm:test:')))).toEqual(new Set(['bull:other']));
    });

    it('loses nothing when a worker is killed in the middle of its range: another one computes it', async () => {
      let killed: Progress | undefined;
      const onSample = (progress: Progress) => {
        log.push(progress);
        if (killed || progress.from < 16) return;
        killed = progress;
        process.kill(progress.pid, 'SIGKILL');
      };
      const { digest, repeated } = await runOnQueue({ rangeSize: 16, onSample });
      expect(digest).toBe(expected);
      expect(repeated).toBeGreaterThan(0);
      const { from, pid } = killed!;
      const done = (isKilled: boolean) =>
        Math.max(...log.filter((p) => p.from === from && (p.pid === pid) === isKilled).map((p) => p.done));
      expect(done(true)).toBeLessThan(16);
      expect(done(false)).toBe(16);
    });

    it('is not changed by a worker that was silent, and stores its answer after another one has the range', async () => {
      let silent: number | undefined;
      let other: number | undefined;
      let range = 0;
      const onSample = (progress: Progress) => {
        log.push(progress);
        const { pid, from, to, done } = progress;
        if (silent === undefined) {
          silent = pid;
          range = from;
          process.kill(pid, 'SIGSTOP');
        } else if (other === undefined && pid !== silent && from === range) {
          other = pid;
          process.kill(other, 'SIGSTOP');
          process.kill(silent, 'SIGCONT');
        } else if (pid === silent && from === range && done === to - from) process.kill(other!, 'SIGCONT');
      };
      const { digest, repeated } = await runOnQueue({ rangeSize: 40, onSample });
      expect(digest).toBe(expected);
      expect(repeated).toBeGreaterThan(0);
      for (const pid of [silent, other])
        expect(log.filter((p) => p.pid === pid && p.from === range).map((p) => p.done)).toContain(40);
    });

    it('computes a range again whose answer is damaged', async () => {
      const computed: number[] = [];
      const damage = async (from: number, to: number) => {
        const bytes = await bytesOf(from, to);
        computed.push(from);
        if (from === 8 && computed.filter((n) => n === 8).length === 1) bytes[70]! ^= 1;
        return bytes;
      };
      const { digest, repeated } = await withWorker(damage, runOnQueue({ workers: 0, samples: 32 }));
      expect(digest).toBe(digestOf(await bytesOf(0, 32)));
      expect(repeated).toBe(1);
      expect(computed.sort((a, b) => a - b)).toEqual([0, 8, 8, 16, 24]);
    });

    it.each([
      ['damaged', async () => new Uint8Array(80), /^samples 0 to 7 failed 3 times: bytes has to be whole/],
      ['missing', async () => undefined, 'samples 0 to 7 failed 3 times: its answer is not in Redis'],
      ['of other samples', () => bytesOf(8, 16), 'samples 0 to 7 failed 3 times: its answer is of other samples'],
    ])('fails if the answer of a range is always %s', async (_, answer, message) => {
      const compute = (from: number, to: number) => (from ? bytesOf(from, to) : answer());
      await expect(withWorker(compute, runOnQueue({ workers: 0, samples: 16 }))).rejects.toThrow(message);
    });

    it('fails if a range always fails, with the range and the reason', async () => {
      const compute = async (from: number, to: number) => {
        if (from === 8) throw new Error('broken');
        return bytesOf(from, to);
      };
      const running = withWorker(compute, runOnQueue({ workers: 0 }));
      await expect(running).rejects.toThrow('samples 8 to 15 failed 3 times: broken');
    });

    it('fails if a worker cannot start, with its message', async () => {
      process.env.NODE_OPTIONS = '--no-such-option';
      try {
        await expect(runOnQueue({})).rejects.toThrow(/^a worker did not start: .*--no-such-option/);
      } finally {
        delete process.env.NODE_OPTIONS;
      }
    });

    it('ends its workers and removes its keys when the signal aborts', async () => {
      const controller = new AbortController();
      const onSample = (progress: Progress) => {
        log.push(progress);
        controller.abort(new Error('enough'));
      };
      const running = runOnQueue({ samples: 1e6, rangeSize: 1000, signal: controller.signal, onSample });
      await expect(running).rejects.toThrow('enough');
      expect(log).not.toHaveLength(0);
    });

    it('goes on where it was when its process was killed, and refuses its name to another run', async () => {
      const { answer } = namesOf('test');
      const args = [...SIZE, '--redis', server.url, '--run', 'test', '--workers', '2', '--range', '8'];
      const large = args.with(1, '400');
      const child = spawn(process.execPath, [MAIN, ...large]);
      const answers = () => redis.keys(answer({ from: 0, to: 0 }).replace('0-0', '*'));
      await expect.poll(async () => (await answers()).length, { timeout: 60_000, interval: 10 }).toBeGreaterThan(2);
      const workers = childrenOf(child.pid!);
      child.kill('SIGKILL');
      await once(child, 'close');
      expect(workers).toHaveLength(2);
      for (const { pid } of workers) await expect.poll(() => lives(pid)).toBe(false);

      const lasting = async () =>
        (await redis.keys('*')).filter((key) => !/:(lock|stalled-check|owner)$/.test(key)).sort();
      const before = await lasting();
      await expect(run(args)).rejects.toMatchObject({
        stdout: expect.stringMatching(/\nwaits \d+ s, in case its owner was killed\n$/),
        stderr: expect.stringMatching(/^another run has the name test: /),
      });
      expect(await lasting()).toEqual(before);

      const counts: number[] = [];
      const finished = new Set((await answers()).map((key) => Number(/(\d+)-\d+$/.exec(key)![1])));
      const { digest } = await runOnQueue({ samples: 400, onRange: (done) => counts.push(done) });
      expect(digest).toBe(digestOf(await bytesOf(0, 400)));
      // A worker may have stored its answer when it had no time left to say so.
      expect(counts[0]).toBeGreaterThanOrEqual(finished.size - 2);
      const again = new Set(log.map(({ from }) => from).filter((from) => finished.has(from)));
      expect(again.size).toBeLessThanOrEqual(2);
      expect(log.length).toBeLessThan(400);
    });

    it('has one owner: a second program with its name is refused, and changes nothing', async () => {
      const args = [...SIZE, '--redis', server.url, '--run', 'test', '--workers', '0', '--range', '8'];
      let second: Promise<{ code: number; stderr: string }> | undefined;
      const compute = async (from: number, to: number) => {
        second ??= run(args).catch((error) => error);
        await second;
        return bytesOf(from, to);
      };
      expect((await withWorker(compute, runOnQueue({ workers: 0 }))).digest).toBe(expected);
      const stderr = 'the run test has an owner, which lives: wait for its end, or choose another name\n';
      expect(await second).toMatchObject({ code: 1, stderr });
    });

    it('ends if another process has become its owner, and leaves it its keys', async () => {
      const { owner } = namesOf('test');
      let stolen: Promise<unknown> | undefined;
      const running: Promise<unknown> = runOnQueue({ workers: 0 }).catch((error) => error);
      const compute = async (from: number, to: number) => {
        stolen ??= redis.set(owner, 'another').then(() => running);
        await stolen;
        return bytesOf(from, to);
      };
      const error = await withWorker(compute, running);
      expect(error).toEqual(new Error('another process has taken over the run test'));
      expect(await redis.del(owner)).toBe(1);
      const counts: number[] = [];
      expect((await runOnQueue({ onRange: (done) => counts.push(done) })).digest).toBe(expected);
      expect(counts[0]).toBeGreaterThan(0);
    });

    it('takes workers that are started by hand, also before it starts', async () => {
      const worker = spawn(process.execPath, [join(FOLDER, 'worker.js'), '--redis', server.url, '--run', 'test']);
      try {
        const [first] = await once(worker.stdout, 'data');
        expect(`${first}`).toMatch(/^waits for ranges of the run test, model [0-9a-f]{16}\n$/);
        expect((await runOnQueue({ workers: 0 })).digest).toBe(expected);
        expect(log).toEqual([]);
        worker.kill('SIGINT');
        expect(await once(worker, 'close')).toEqual([0, null]);
      } finally {
        worker.kill('SIGKILL');
      }
    });

    it('is refused if it may evict keys', async () => {
      await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
      try {
        const message = 'it may evict jobs. Remedy: redis-cli config set maxmemory-policy noeviction';
        await expect(runOnQueue({})).rejects.toThrow(message);
      } finally {
        await redis.config('SET', 'maxmemory-policy', 'noeviction');
      }
    });
  });

  describe('a Redis that ends in the middle of a run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'queue-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** Starts a Redis with or without files. The same port each time. */
    async function start(port: string, appendonly: 'yes' | 'no') {
      const args = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', appendonly];
      const child = spawn('redis-server', [...args, '--appendfsync', 'always']);
      let printed = '';
      for await (const data of child.stdout) {
        printed += data;
        if (printed.includes('Ready to accept connections')) break;
      }
      return child;
    }

    it.each([
      ['goes on if Redis returns with the run', 'yes', 'yes'],
      ['fails if Redis returns without the run', 'no', 'no'],
      ['fails if Redis does not return', 'no', 'none'],
      ['fails if Redis ceases to answer', 'no', 'silent'],
    ] as const)('%s', async (_, first, second) => {
      const { url, stop } = await startRedis(() => {});
      await stop();
      let child = await start(new URL(url).port, first);
      let restarted: Promise<void> | undefined;
      const restart = async () => {
        if (second === 'silent') return void child.kill('SIGSTOP');
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
        if (second !== 'none') child = await start(new URL(url).port, second);
      };
      const onSample = (progress: Progress) => {
        log.push(progress);
        if (progress.from >= 16) restarted ??= restart();
      };
      try {
        const running = runOnQueue({ url, onSample });
        if (second === 'yes') expect((await running).digest).toBe(expected);
        else if (second === 'no') await expect(running).rejects.toThrow('Redis has lost the run');
        else await expect(running).rejects.toThrow('no answer from Redis for 10 s');
      } finally {
        await restarted;
        const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
    });
  });
});

interface Progress {
  worker: number;
  pid: number;
  from: number;
  to: number;
  done: number;
}
interface Options {
  url: string;
  run: string;
  batch: Uint8Array;
  samples: number;
  rangeSize: number;
  seed: number;
  workers: number;
  signal?: AbortSignal;
  onRange?: (done: number, ranges: number) => unknown;
  onSample?: (progress: Progress) => unknown;
}
interface Answer {
  result: { ranges: [number, number][] };
  digest: string;
  repeated: number;
}
interface Names {
  prefix: string;
  ranges: string;
  owner: string;
  answer(range: { from: number; to: number }): string;
}
interface Redis {
  keys(pattern: string): Promise<string[]>;
  set(key: string, value: string | Buffer): Promise<unknown>;
  del(key: string): Promise<number>;
  config(command: 'SET', name: string, value: string): Promise<unknown>;
  disconnect(): void;
}
interface BullMQ {
  Worker: new (name: string, process: unknown, options: object) => { close(): Promise<void> };
}
