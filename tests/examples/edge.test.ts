/** The Worker of examples/edge in workerd, Deno and Node: one result, also with isolates that fail; bad requests. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClassifier, weightsFromBytes } from '../../examples/digits/classifier.js';
import { loadDigits } from '../../examples/digits/data.js';
import { ROOT, run } from '../packaging/project.js';
import { checkTypes, folderOf, installExample } from './support.js';

const FOLDER = folderOf('edge');
const MAIN = join(FOLDER, 'main.js');
const OCTETS = 'application/octet-stream';

const digits = loadDigits(1000, 40).test;
const imageAt = (i: number) => digits.images.subarray(784 * i, 784 * (i + 1));
const bytesAt = (i: number) => Uint8Array.from(imageAt(i), (pixel) => Math.round(255 * pixel));

const weights = weightsFromBytes(readFileSync(join(ROOT, 'examples/digits/weights.bin')));
const expected = (i: number, samples: number, seed: bigint, from = 0) => {
  const pixels = Float32Array.from(bytesAt(i), (byte) => byte / 255);
  const { predict, layers, kind } = createClassifier(weights, pixels);
  return monteCarlo(predict, { from, samples, seed, layers, kind: kind as 'logits' });
};

/** A Worker, or a service binding. */
interface Handler {
  fetch(request: Request, env?: object): Promise<Response>;
}

interface Server {
  name: string;
  url: string;
  stop(): Promise<unknown>;
}
const servers: Server[] = [];
/** The bundle for Deno, which Node runs too. */
let worker: { default: Handler; range: Handler };
beforeAll(async () => {
  await installExample('edge');
  await run(process.execPath, [join(FOLDER, 'build.js')], FOLDER);
  worker = await import(/* @vite-ignore */ pathToFileURL(join(FOLDER, 'build/deno/worker.js')).href);
  // Not a static import: npm ci replaces the packages that it loads.
  const { startServer } = await import('../../examples/edge/server.js');
  for (const [runtime, isolates] of [
    ['workerd', 1],
    ['workerd', 2],
    ['workerd', 4],
    ['deno', 1],
    ['deno', 2],
  ] as const) {
    const server = await startServer({ runtime, isolates, port: 0 });
    servers.push({ name: `${runtime} ${isolates}`, url: server.url, stop: server.stop });
  }
});
afterAll(() => Promise.all(servers.map(({ stop }) => stop())));

/** One server of each runtime. */
const runtimes = () => servers.filter(({ name }) => /workerd 2|deno 1/.test(name));

interface Answer {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  json: any;
}
async function read(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isJson = response.headers.get('content-type') === 'application/json';
  const json = isJson && bytes.length ? JSON.parse(new TextDecoder().decode(bytes)) : undefined;
  return { status: response.status, headers: response.headers, bytes, json };
}
const post = async (url: string, body: BodyInit, type = OCTETS, headers = {}) =>
  read(await fetch(url, { method: 'POST', body, headers: { 'content-type': type, ...headers } }));
const postJson = (server: { url: string }, fields: unknown) =>
  post(`${server.url}predict`, typeof fields === 'string' ? fields : JSON.stringify(fields), 'application/json');
const postBytes = (server: { url: string }, query: string, body: BodyInit = bytesAt(0), headers = {}) =>
  post(`${server.url}predict?${query}`, body, OCTETS, headers);

/** Starts workerd with a configuration that differs from the standard one. */
async function startConfig(config: string, name: string) {
  writeFileSync(join(FOLDER, 'build/other.capnp'), config);
  const program = createRequire(MAIN)('workerd').default;
  const args = ['serve', 'other.capnp', name, '--socket-addr=http=127.0.0.1:0', '--control-fd=3'];
  const child = spawn(program, args, { cwd: join(FOLDER, 'build'), stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (data) => {
      log += data;
    });
  const stop = async () => {
    const closed = once(child, 'close');
    child.kill();
    await closed;
  };
  const [line] = await Promise.race([
    once(createInterface(child.stdio[3] as Readable), 'line'),
    once(child, 'close').then(() => Promise.reject(new Error(log))),
  ]);
  return { url: `http://127.0.0.1:${JSON.parse(line).port}/`, log: () => log, stop };
}

/** A connection that has sent the start of a request. */
function open(url: string, query: string, lines: string[], body: Uint8Array | string = '') {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write([`POST /predict${query} HTTP/1.1`, 'host: x', ...lines, '', ''].join('\r\n'));
  socket.write(body);
  return socket;
}

describe('the result', () => {
  it.each([1, 2, 3, 100, 1000])(
    'has the bytes of monteCarlo in Node for %i samples on every server',
    async (samples) => {
      const bytes = (await expected(3, samples, 7n)).toBytes();
      for (const server of servers) {
        const answer = await postBytes(server, `samples=${samples}&seed=7`, bytesAt(3), { accept: OCTETS });
        expect([server.name, answer.status, answer.headers.get('content-type')]).toEqual([server.name, 200, OCTETS]);
        expect(answer.bytes).toEqual(bytes);
      }
    },
  );

  it('has the same numbers as JSON, for pixels as JSON and as bytes', async () => {
    const { mean, std, entropy, mutualInformation } = await expected(3, 50, 42n);
    const json = {
      digit: 3,
      probabilities: Array.from(mean),
      std: Array.from(std),
      entropy: entropy[0],
      mutualInformation: mutualInformation[0],
      samples: 50,
      seed: '42',
      ms: expect.any(Number),
    };
    const pixels = Array.from(bytesAt(3), (byte) => byte / 255);
    for (const server of servers) {
      expect((await postBytes(server, 'samples=50&seed=42', bytesAt(3))).json).toEqual(json);
      expect((await postJson(server, { pixels, samples: 50, seed: 42 })).json).toEqual(json);
    }
  });

  it('recognizes digits', async () => {
    for (const server of runtimes()) {
      let right = 0;
      for (const [i, label] of digits.labels.entries()) {
        const { json } = await postJson(server, { pixels: Array.from(imageAt(i)), seed: 1 });
        if (json.digit === label) right++;
        expect(json.ms === null || json.ms > 0).toBe(true);
      }
      expect(right).toBeGreaterThanOrEqual(34);
    }
  });

  it('has no standard deviation for one sample', async () => {
    for (const server of servers) expect((await postBytes(server, 'samples=1&seed=1')).json).not.toHaveProperty('std');
  });

  it('takes 100 samples and names a random seed by default, which gives the same result again', async () => {
    const pixels = Array.from(bytesAt(8), (byte) => byte / 255);
    for (const server of servers) {
      const { json: first } = await postJson(server, { pixels });
      const { json: second } = await postJson(server, { pixels });
      expect(first.samples).toBe(100);
      expect(first.seed).not.toBe(second.seed);
      const { json: again } = await postBytes(server, `seed=${first.seed}`, bytesAt(8));
      expect({ ...again, ms: 0 }).toEqual({ ...first, ms: 0 });
      const { headers, bytes } = await postBytes(server, '', bytesAt(8), { accept: `${OCTETS}, */*;q=0.1` });
      expect(bytes).toEqual((await expected(8, 100, BigInt(headers.get('x-seed')!))).toBytes());
    }
  });

  it('takes any seed up to 2^64 − 1 without loss, as number and as text', async () => {
    const pixels = JSON.stringify(Array.from(bytesAt(0), (byte) => byte / 255));
    for (const [text, seed] of [
      ['0', 0n],
      ['9007199254740991', 2n ** 53n - 1n],
      ['9007199254740993', 2n ** 53n + 1n],
      ['"9007199254740993"', 2n ** 53n + 1n],
      ['18446744073709551615', 2n ** 64n - 1n],
      ['"18446744073709551615"', 2n ** 64n - 1n],
      ['"0xffffffffffffffff"', 2n ** 64n - 1n],
      ['"0xA"', 10n],
    ] as const) {
      const probabilities = Array.from((await expected(0, 8, seed)).mean);
      for (const server of runtimes()) {
        const fromJson = await postJson(server, `{"pixels":${pixels},"samples":8,"seed":${text}}`);
        const fromQuery = await postBytes(server, `samples=8&seed=${text.replaceAll('"', '')}`);
        for (const { json } of [fromJson, fromQuery]) expect(json).toMatchObject({ seed: `${seed}`, probabilities });
      }
    }
  });

  it('does not depend on requests that are computed at the same time', async () => {
    for (const server of servers) {
      const seeds = Array.from({ length: 20 }, (_, i) => i);
      const answers = await Promise.all(seeds.map((seed) => postBytes(server, `samples=20&seed=${seed}`)));
      for (const [i, { json }] of answers.entries())
        expect(json.probabilities).toEqual(Array.from((await expected(0, 20, BigInt(i))).mean));
    }
  });
});

describe('an isolate that fails', () => {
  const ask = async (env: Record<string, Handler>, samples = 40) => {
    const request = new Request(`http://edge/predict?samples=${samples}&seed=5`, {
      method: 'POST',
      body: bytesAt(2),
      headers: { 'content-type': OCTETS, accept: OCTETS },
    });
    return read(await worker.default.fetch(request, env));
  };
  const good: Handler = { fetch: (request) => worker.range.fetch(request) };
  /** An isolate whose answer is changed. */
  const changed = (change: (bytes: Uint8Array) => Uint8Array): Handler => ({
    fetch: async (request) => {
      const { bytes } = await read(await worker.range.fetch(request));
      return new Response(change(bytes) as Uint8Array<ArrayBuffer>);
    },
  });
  /** An isolate that is asked for another range, or for another model. */
  const confused = (name: string, value: string): Handler => ({
    fetch: async (request) => {
      const url = new URL(request.url);
      url.searchParams.set(name, value);
      return worker.range.fetch(new Request(url, request));
    },
  });
  /** A body without an end. */
  const endless = () =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1024));
      },
    });
  const never = (signal: AbortSignal) =>
    new Promise<Response>((_, reject) => {
      signal.onabort = () => reject(signal.reason);
    });

  it.each<[string, Handler, RegExp]>([
    ['rejects', { fetch: async () => Promise.reject(new Error('lost')) }, /isolate 2 failed: Error: lost/],
    [
      'throws',
      {
        fetch: () => {
          throw new Error('lost');
        },
      },
      /isolate 2 failed: Error: lost/,
    ],
    ['answers 500', { fetch: async () => new Response('overloaded', { status: 500 }) }, /Error: 500 overloaded/],
    ['answers nothing', { fetch: async () => new Response() }, /bytes has to be whole/],
    ['answers JSON', { fetch: async () => Response.json({}) }, /bytes has to be/],
    ['answers without end', { fetch: async () => new Response(endless()) }, /at most 65536 bytes/],
    [
      'sends damaged bytes',
      changed((bytes) => bytes.map((byte, i) => (i === 90 ? byte ^ 1 : byte))),
      /bytes has to be/,
    ],
    ['sends half of the bytes', changed((bytes) => bytes.slice(0, bytes.length / 2)), /bytes has to be/],
    ['sends another range', confused('from', '12'), /has to be .*\[\[13,26\]\].* but got .*\[\[12,26\]\]/],
    ['has other weights', confused('model', 'other'), /Error: 409 .*another model/],
    ['does not answer', { fetch: ({ signal }) => never(signal) }, /TimeoutError/],
  ])('that %s is replaced, with the same bytes and a warning', async (_, broken, warning) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      const { status, bytes } = await ask({ ISOLATE_1: good, ISOLATE_2: broken });
      expect(status).toBe(200);
      expect(bytes).toEqual((await expected(2, 40, 5n)).toBytes());
      expect(warn).toHaveBeenCalledOnce();
      expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^samples 13 to 25 are computed here/));
      expect(warn).toHaveBeenCalledWith(expect.stringMatching(warning));
    } finally {
      warn.mockRestore();
    }
  });

  it('is asked for a range of its own', async () => {
    const asked: string[] = [];
    const watched: Handler = {
      fetch: (request) => {
        const { from, to } = Object.fromEntries(new URL(request.url).searchParams);
        asked.push(`${from} to ${to}`);
        return worker.range.fetch(request);
      },
    };
    const env = { ISOLATE_1: watched, ISOLATE_2: watched, ISOLATE_3: watched };
    await ask(env);
    expect(asked.splice(0)).toEqual(['0 to 10', '10 to 20', '20 to 30']);
    // One sample for each of two, and none for the rest.
    await ask(env, 2);
    expect(asked).toEqual(['0 to 1']);
  });

  it('is replaced in workerd, where it fails behind a service binding', async () => {
    const isolate = (n: number, code: string) => `(name = "isolate-${n}", worker = (
      compatibilityDate = "2026-10-01",
      modules = [(name = "worker.js", esModule = ${JSON.stringify(`export const range = { async fetch() { ${code} } };`)})],
    )),`;
    const standard = readFileSync(join(FOLDER, 'workerd.capnp'), 'utf8');
    const services = [
      isolate(1, 'throw new Error("broken");'),
      isolate(2, 'return new Response("broken", { status: 500 });'),
      isolate(3, 'return new Response(new Uint8Array(1000));'),
    ];
    const config = standard
      .replaceAll('build/workerd', 'workerd')
      .replace(
        /\(name = "isolate-1", worker = \.alone\),\n\s*\(name = "isolate-2"[\s\S]*?"isolate-3", worker = \.alone\),/,
        services.join(''),
      );
    expect(config).toContain('broken');
    const { url, log, stop } = await startConfig(config, 'four');
    try {
      const { status, bytes } = await postBytes({ url }, 'samples=40&seed=5', bytesAt(2), { accept: OCTETS });
      expect(status).toBe(200);
      expect(bytes).toEqual((await expected(2, 40, 5n)).toBytes());
      for (const n of [1, 2, 3]) await expect.poll(log).toContain(`isolate ${n} failed`);
    } finally {
      await stop();
    }
  });
});

describe('a long computation', () => {
  it('gives way to a short one', async () => {
    // Called here and not over the network, where the order in which requests arrive is a matter of luck.
    const order: number[] = [];
    const ask = async (samples: number) => {
      const url = `http://edge/predict?samples=${samples}&seed=1`;
      const headers = { 'content-type': OCTETS };
      const { status } = await worker.default.fetch(new Request(url, { method: 'POST', body: bytesAt(0), headers }));
      order.push(samples);
      return status;
    };
    const long = [1000, 1000, 1000].map(ask);
    // The short one begins in an event of its own, like a request that arrives: without turns, after the long ones.
    await new Promise((resolve) => setTimeout(resolve));
    expect(await Promise.all([ask(2), ...long])).toEqual([200, 200, 200, 200]);
    expect(order).toEqual([2, 1000, 1000, 1000]);
  });

  it('ends when its request is aborted, here and in other isolates, without a warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const controller = new AbortController();
    const answers: Promise<Response>[] = [];
    let turnsAfterAbort = 0;
    const timer = globalThis.setTimeout;
    const turn = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
      if (!ms && controller.signal.aborted) turnsAfterAbort++;
      if (!ms && answers.length) controller.abort();
      return timer(run, ms);
    }) as typeof setTimeout);
    const isolate: Handler = {
      fetch: (request) => {
        const answer = worker.range.fetch(request);
        answers.push(answer);
        return answer;
      },
    };
    try {
      const request = new Request('http://edge/predict?samples=1000&seed=1', {
        method: 'POST',
        body: bytesAt(0),
        headers: { 'content-type': OCTETS },
        signal: controller.signal,
      });
      const answer = worker.default.fetch(request, { ISOLATE_1: isolate });
      expect((await answer).status).toBe(499);
      expect(await Promise.all(answers.map(async (other) => (await other).status))).toEqual([499]);
      expect(turnsAfterAbort).toBe(0);
      expect(warn).not.toHaveBeenCalled();
      expect(error).not.toHaveBeenCalled();
    } finally {
      for (const spy of [warn, error, turn]) spy.mockRestore();
    }
  });

  it('ends in workerd when the connection is reset, and its signal reaches the other isolates', async () => {
    const config = readFileSync(join(FOLDER, 'workerd.capnp'), 'utf8').replaceAll('build/workerd', 'workerd');
    const code = `export const range = {
      fetch({ signal }) {
        console.log("asked");
        return new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            console.log("aborted");
            resolve(new Response());
          });
          // A promise alone would count as a request that hangs.
          setInterval(() => {}, 1000);
        });
      },
    };`;
    const watched = config.replace(
      '(name = "isolate-1", worker = .alone)',
      `(name = "isolate-1", worker = (
        compatibilityDate = .date,
        compatibilityFlags = .flags,
        modules = [(name = "worker.js", esModule = ${JSON.stringify(code)})],
      ))`,
    );
    const { url, log, stop } = await startConfig(watched, 'two');
    try {
      const socket = open(url, '?samples=1000', [`content-type: ${OCTETS}`, 'content-length: 784'], bytesAt(0));
      await expect.poll(log, { timeout: 10_000 }).toContain('asked');
      socket.resetAndDestroy();
      await expect.poll(log, { timeout: 10_000 }).toContain('aborted');
      expect(log()).not.toContain('failed');
    } finally {
      await stop();
    }
  });

  it('may be aborted on Cloudflare too', () => {
    expect(readFileSync(join(FOLDER, 'wrangler.jsonc'), 'utf8')).toContain(
      '"compatibility_flags": ["enable_request_signal"]',
    );
  });
});

it('Accept decides by q between JSON and bytes', async () => {
  const json = 'application/json';
  for (const [accept, type] of [
    ['*/*', json],
    ['image/png', json],
    [OCTETS, OCTETS],
    [OCTETS.toUpperCase(), OCTETS],
    [`${OCTETS}, ${json}`, json],
    [`${OCTETS};q=0.5, ${json}`, json],
    [`${OCTETS};q=0.5`, OCTETS],
    [`${OCTETS}; q=0.5, ${json}; q=0.4`, OCTETS],
    [`${json};q=0.4,${OCTETS} ; q=0.5`, OCTETS],
    [`${OCTETS};q=0`, json],
    [`${OCTETS};q=0, */*`, json],
    [`${OCTETS};q=0.5, application/*`, json],
    [`*/*, ${json};q=0.1`, OCTETS],
    [`application/*;q=0.2, */*, ${json};q=0.1`, OCTETS],
    [`${OCTETS};q=many`, json],
  ] as const)
    for (const server of runtimes()) {
      const { headers } = await postBytes(server, 'samples=1&seed=1', bytesAt(0), { accept });
      expect([accept, headers.get('content-type')]).toEqual([accept, type]);
    }
});

describe('a range', () => {
  const pixels = Float32Array.from(bytesAt(0), (byte) => byte / 255);
  let model: string;
  beforeAll(async () => {
    const asked = new Promise<string>((resolve) => {
      const spy: Handler = {
        fetch: (request) => {
          resolve(new URL(request.url).searchParams.get('model')!);
          return worker.range.fetch(request);
        },
      };
      const body = bytesAt(0);
      const request = new Request('http://edge/predict', { method: 'POST', body, headers: { 'content-type': OCTETS } });
      worker.default.fetch(request, { ISOLATE_1: spy });
    });
    model = await asked;
  });
  const ask = async (query: string, body: BodyInit = pixels, type = OCTETS) => {
    const url = `http://isolate/?${query.replace('MODEL', model)}`;
    return read(
      await worker.range.fetch(new Request(url, { method: 'POST', body, headers: { 'content-type': type } })),
    );
  };

  it('is computed from its first sample on', async () => {
    const { bytes } = await ask('from=996&to=1000&seed=3&model=MODEL');
    expect(bytes).toEqual((await expected(0, 4, 3n, 996)).toBytes());
  });

  it.each([
    ['from=0&to=1001&seed=3&model=MODEL', 422, 'to has to be a whole number from 1 to 1000, but got 1001'],
    ['from=1000&to=1001&seed=3&model=MODEL', 422, 'from has to be a whole number from 0 to 999, but got 1000'],
    ['from=4&to=4&seed=3&model=MODEL', 422, 'to has to be a whole number from 5 to 1000, but got 4'],
    ['from=-1&to=4&seed=3&model=MODEL', 422, 'from has to be a whole number from 0 to 999, but got "-1"'],
    ['to=4&seed=3&model=MODEL', 422, 'from has to be a whole number from 0 to 999, but got nothing'],
    ['from=0&to=4&model=MODEL', 422, 'seed has to be a whole number from 0 to 2^64 - 1, but got nothing'],
    ['from=0&to=4&seed=3&model=MODEL&x=1', 422, 'unknown query parameter "x". Known: from, to, seed, model'],
    ['from=0&to=4&seed=3&model=0', 409, 'this isolate has another model'],
    ['from=0&to=4&seed=3', 409, 'this isolate has another model'],
  ])('?%s gets %i', async (query, status, error) => {
    const answer = await ask(query);
    expect([answer.status, answer.json]).toEqual([status, { error }]);
  });

  it('needs a float32 from 0 to 1 for each pixel', async () => {
    const query = 'from=0&to=4&seed=3&model=MODEL';
    expect((await ask(query, pixels.slice(1))).json.error).toContain('has to have 3136 bytes');
    expect((await ask(query, new Uint8Array(70_000))).status).toBe(413);
    expect((await ask(query, pixels.with(5, Number.NaN))).json.error).toContain('pixels[5]');
    expect((await ask(query, pixels, 'application/json')).status).toBe(415);
    expect((await read(await worker.range.fetch(new Request('http://isolate/')))).status).toBe(405);
  });

  it('is not reached from outside', async () => {
    for (const { url } of servers)
      expect((await post(`${url}?from=0&to=4&seed=3&model=${model}`, pixels)).status).toBe(405);
  });
});

describe('a bad request', () => {
  const pixels = Array.from(bytesAt(0), (byte) => byte / 255);
  const refused = async (ask: (server: Server) => Promise<Answer>, status: number, error: RegExp) => {
    for (const server of runtimes()) {
      const answer = await ask(server);
      expect([server.name, answer.status, answer.json]).toEqual([
        server.name,
        status,
        { error: expect.stringMatching(error) },
      ]);
      expect(answer.json.error.length).toBeLessThan(300);
    }
  };

  const whole = /^samples has to be a whole number from 1 to 1000, but got /;
  const seeds = /^seed has to be a whole number from 0 to 2\^64 - 1, but got /;
  const array = /^pixels has to be an array of 784 numbers, row by row, but got /;
  const withPixel = (value: unknown) => ({ pixels: pixels.with(3, value as number) });
  it.each<[string, unknown, number, RegExp]>([
    ['no JSON', 'pixels', 400, /^the body is not JSON: /],
    ['half of its JSON', JSON.stringify({ pixels }).slice(0, 1000), 400, /^the body is not JSON: /],
    ['nothing', '', 400, /^the body is not JSON: /],
    ['NaN', '{"pixels":[NaN]}', 400, /^the body is not JSON: /],
    ['an array', pixels, 422, /^the body has to be an object with pixels, but got \[/],
    ['null', 'null', 422, /but got null$/],
    ['a number', '5', 422, /but got 5$/],
    ['no pixels', {}, 422, /but got nothing$/],
    ['null as pixels', { pixels: null }, 422, array],
    ['text as pixels', { pixels: 'x'.repeat(784) }, 422, array],
    ['an object as pixels', { pixels: { length: 784 } }, 422, array],
    ['783 pixels', { pixels: pixels.slice(1) }, 422, /but got an array of 783$/],
    ['785 pixels', { pixels: [...pixels, 0] }, 422, /but got an array of 785$/],
    ['28 rows', { pixels: Array(28).fill(Array(28).fill(0)) }, 422, /row by row, but got an array of 28$/],
    ['null as a pixel', withPixel(null), 422, /^pixels\[3\] has to be a number from 0 to 1, but got null$/],
    ['text as a pixel', withPixel('0'), 422, /^pixels\[3\] .* but got "0"$/],
    ['an array as a pixel', withPixel([0]), 422, /^pixels\[3\] .* but got \[0\]$/],
    ['true as a pixel', withPixel(true), 422, /^pixels\[3\] .* but got true$/],
    ['a pixel below 0', withPixel(-0.1), 422, /^pixels\[3\] .* but got -0.1$/],
    ['a pixel of 255', withPixel(255), 422, /^pixels\[3\] .* but got 255: divide by 255$/],
    [
      'an infinite pixel',
      JSON.stringify(withPixel(7)).replace('7', '1e999'),
      422,
      /^pixels\[\d+\] .* but got Infinity$/,
    ],
    ['0 samples', { pixels, samples: 0 }, 422, whole],
    ['−1 samples', { pixels, samples: -1 }, 422, whole],
    ['1.5 samples', { pixels, samples: 1.5 }, 422, whole],
    ['text as samples', { pixels, samples: '5' }, 422, whole],
    ['null as samples', { pixels, samples: null }, 422, whole],
    ['1,001 samples', { pixels, samples: 1001 }, 422, whole],
    ['1e300 samples', { pixels, samples: 1e300 }, 422, whole],
    ['a negative seed', { pixels, seed: -1 }, 422, seeds],
    ['a fraction as seed', { pixels, seed: 1.5 }, 422, seeds],
    ['null as seed', { pixels, seed: null }, 422, seeds],
    ['empty text as seed', { pixels, seed: '' }, 422, seeds],
    ['a word as seed', { pixels, seed: 'ten' }, 422, seeds],
    ['2^64 as seed', { pixels, seed: '18446744073709551616' }, 422, seeds],
    ['2^64 as a number as seed', `{"pixels":${JSON.stringify(pixels)},"seed":18446744073709551616}`, 422, seeds],
    ['1e300 as seed', { pixels, seed: 1e300 }, 422, /: send seeds above 2\^53 as text$/],
    ['an array as seed', { pixels, seed: ['1'] }, 422, seeds],
    ['an unknown field', { pixels, sample: 5 }, 422, /^unknown field "sample"\. Known: pixels, samples, seed$/],
    ['__proto__', `{"pixels":[],"__proto__":{"samples":1}}`, 422, /^unknown field "__proto__"/],
    ['65,537 bytes', `{"pixels":[${' '.repeat(65_536)}]}`, 413, /^a body has at most 65536 bytes$/],
  ])('with %s in JSON is refused', (_, fields, status, error) =>
    refused((server) => postJson(server, fields), status, error),
  );

  it.each<[string, string, BodyInit, RegExp]>([
    ['783 bytes', '', bytesAt(0).slice(1), /^the body has to have 784 bytes, a byte .* each pixel, but got 783$/],
    ['785 bytes', '', new Uint8Array(785), /but got 785$/],
    ['no bytes', '', new Uint8Array(), /but got 0$/],
    ['0 samples', 'samples=0', bytesAt(0), whole],
    ['1,001 samples', 'samples=1001', bytesAt(0), whole],
    ['1e2 samples', 'samples=1e2', bytesAt(0), whole],
    ['empty samples', 'samples=', bytesAt(0), whole],
    ['+5 samples', 'samples=%2B5', bytesAt(0), whole],
    ['long samples', `samples=${'9'.repeat(2000)}`, bytesAt(0), whole],
    ['an empty seed', 'seed=', bytesAt(0), seeds],
    ['a seed of 2^64', 'seed=18446744073709551616', bytesAt(0), seeds],
    ['invalid UTF-8 as seed', 'seed=%FF', bytesAt(0), seeds],
    ['an unknown parameter', 'sample=1', bytesAt(0), /^unknown query parameter "sample"\. Known: samples, seed$/],
    ['samples twice', 'samples=1&samples=2', bytesAt(0), /^query parameter samples is given twice$/],
  ])('with %s is refused', (_, query, body, error) => refused((server) => postBytes(server, query, body), 422, error));

  it('with a query beside JSON is refused', () =>
    refused(({ url }) => post(`${url}predict?samples=5`, '{}', 'application/json'), 422, /^unknown query parameter/));

  it('that is not UTF-8 is refused', () =>
    refused(({ url }) => post(`${url}predict`, Uint8Array.of(0x22, 0xff, 0x22), 'application/json'), 400, /UTF-8$/));

  it.each([
    [
      'text/plain',
      {},
      /^Content-Type has to be application\/json or application\/octet-stream, but got "text\/plain"$/,
    ],
    ['', {}, /but got ""$/],
    ['application/json, text/plain', {}, /^Content-Type has to be/],
    ['application/json; charset=latin1', {}, /"charset=latin1" is not supported$/],
    ['application/json', { 'content-encoding': 'gzip' }, /^Content-Encoding "gzip" is not supported$/],
  ])('of type "%s" with %o is refused', (type, headers, error) =>
    refused(({ url }) => post(`${url}predict`, new Blob(['{}']), type, headers), 415, error),
  );

  it.each(['Application/JSON', 'application/json;charset=utf-8', 'application/json ; charset="UTF-8"'])(
    'is not one of type %s',
    async (type) => {
      for (const { url } of runtimes())
        expect((await post(`${url}predict`, JSON.stringify({ pixels, samples: 1 }), type)).status).toBe(200);
    },
  );

  it.each([
    ['predict', 'GET', 'POST'],
    ['predict', 'PUT', 'POST'],
    ['predict', 'DELETE', 'POST'],
    ['predict', 'OPTIONS', 'POST'],
    ['', 'POST', 'GET, HEAD'],
  ])('/%s by %s is refused, and Allow names %s', (path, method, allow) =>
    refused(
      async ({ url }) => {
        const answer = await read(await fetch(url + path, { method }));
        expect(answer.headers.get('allow')).toBe(allow);
        return answer;
      },
      405,
      /not allowed here/,
    ),
  );

  it.each(['predict/', 'Predict', 'range', 'favicon.ico', '%FF', `${'x'.repeat(500)}`, '/predict'])(
    'to /%s is refused',
    (path) => refused(({ url }) => post(url + path, bytesAt(0)), 404, /^there is nothing at /),
  );

  it('with a body without end is refused while it is read', async () => {
    for (const { url } of runtimes()) {
      const { port } = new URL(url);
      const socket = connect(Number(port), '127.0.0.1');
      let answer = '';
      socket.on('data', (data) => {
        answer += data;
      });
      // The server may close the connection, once it has answered.
      socket.on('error', () => {});
      socket.write(
        'POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
      );
      const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
      const timer = setInterval(() => socket.writable && socket.write(chunk), 5);
      try {
        await expect.poll(() => answer, { timeout: 30_000 }).toMatch(/^HTTP\/1.1 413 [\s\S]*at most 65536 bytes/);
      } finally {
        clearInterval(timer);
        socket.destroy();
      }
    }
  });

  it('with a body that stalls gets 408', async () => {
    const sockets = runtimes().flatMap(({ url }) => [
      open(url, '', ['content-type: application/json', 'content-length: 10'], '{'),
      open(url, '', [`content-type: ${OCTETS}`, 'content-length: 784']),
    ]);
    const answers = sockets.map(async (socket) => {
      let answer = '';
      socket.on('data', (data) => {
        answer += data;
      });
      await expect
        .poll(() => answer, { timeout: 60_000 })
        .toMatch(/^HTTP\/1.1 408 [\s\S]*\{"error":"the body has to arrive within 10 s"\}/);
    });
    try {
      await Promise.all(answers);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it.each([1000, 5000, 30_000])('in JSON that is nested %i times is refused', async (depth) => {
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    for (const text of [deep, `{"pixels":${deep}}`, `{"pixels":[${deep}${',0'.repeat(783)}]}`])
      await refused(
        (server) => postJson(server, text),
        422,
        depth < 30_000 ? /nested too deeply$|but got (\[|an array of 1$)/ : /^the body is nested too deeply$/,
      );
  });

  it('that breaks off leaves the server as it was', async () => {
    for (const server of runtimes()) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => {});
      socket.end(`POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: ${OCTETS}\r\ncontent-length: 784\r\n\r\nabc`);
      socket.resume();
      await once(socket, 'close');
      expect((await postBytes(server, 'samples=1')).status).toBe(200);
    }
  });
});

it('GET / says what to send', async () => {
  for (const { url } of servers) {
    const { status, json } = await read(await fetch(url));
    expect([status, Object.keys(json)]).toEqual([200, ['POST /predict']]);
    const head = await read(await fetch(url, { method: 'HEAD' }));
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
  }
});

describe('any body gets 200 or 4xx with an error in JSON', () => {
  const pixels = Array.from(bytesAt(0), (byte) => byte / 255);
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.double(),
    fc.integer(),
    fc.constantFrom('5', '0x1f', -0, 1e300, 2 ** 53, '18446744073709551615'),
  );
  const fields = fc.record(
    {
      pixels: fc.oneof(
        { weight: 3, arbitrary: fc.constant(pixels) },
        { weight: 1, arbitrary: fc.tuple(fc.nat(783), odd).map(([i, value]) => pixels.with(i, value as number)) },
        { weight: 1, arbitrary: odd },
      ),
      samples: fc.oneof(fc.integer({ min: 1, max: 20 }), odd),
      seed: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String), odd),
    },
    { requiredKeys: [] },
  );
  const json = fields.map((value) => JSON.stringify(value));
  const encode = (text: string) => new TextEncoder().encode(text);
  const body = fc.oneof(
    json.map(encode),
    fc.tuple(json, fc.nat()).map(([text, at]) => encode(text.slice(0, at % text.length))),
    // With one byte replaced.
    fc.tuple(json, fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
      const bytes = encode(text);
      return bytes.fill(byte, at % bytes.length, (at % bytes.length) + 1);
    }),
    fc.json().map(encode),
    fc.string().map(encode),
    fc.uint8Array({ maxLength: 2000 }),
    fc.uint8Array({ minLength: 784, maxLength: 784 }),
  );
  const type = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('application/json', OCTETS) },
    { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/json; charset=x', ';', 'a, b') },
  );
  const query = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('', 'samples=2&seed=1') },
    { weight: 1, arbitrary: fc.webQueryParameters() },
    { weight: 1, arbitrary: odd.map((value) => `samples=${encodeURIComponent(String(value))}`) },
  );

  /** @returns whether the answer was 200 */
  function check({ status, json }: Answer): boolean {
    if (status === 200) {
      expect(json.probabilities.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 10);
      return true;
    }
    expect([400, 413, 415, 422]).toContain(status);
    expect(json).toEqual({ error: expect.stringMatching(/^[\s\S]{5,300}$/) });
    return false;
  }

  async function fuzz(
    ask: (query: string, body: Uint8Array<ArrayBuffer>, type: string) => Promise<Answer>,
    numRuns: number,
  ) {
    let good = 0;
    const property = fc.asyncProperty(query, body, type, async (query, body, type) => {
      if (check(await ask(query, body as Uint8Array<ArrayBuffer>, type))) good++;
    });
    await fc.assert(property, { numRuns });
    // Otherwise, the cases test only what is checked first.
    expect(good).toBeGreaterThan(numRuns / 100);
    expect(good).toBeLessThan(numRuns / 2);
  }

  it('in Node', () =>
    fuzz(async (query, body, type) => {
      const init = { method: 'POST', body, headers: { 'content-type': type } };
      return read(await worker.default.fetch(new Request(`http://edge/predict?${query}`, init)));
    }, 2000));

  it('in workerd and Deno', async () => {
    for (const { url } of runtimes())
      await fuzz((query, body, type) => post(`${url}predict?${query}`, body, type), 200);
  });
});

describe('main.js', () => {
  const main = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, ...args], { cwd: ROOT });
  /** Starts it, and waits for what it prints first. */
  async function start(...args: string[]): Promise<{ child: ChildProcess; printed: string; errors: () => string }> {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr!.on('data', (data) => {
      errors += data;
    });
    const [printed] = await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'close').then(() => Promise.reject(new Error(errors))),
    ]);
    return { child, printed: String(printed), errors: () => errors };
  }
  const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');

  it.each([
    ['workerd', '2'],
    ['workerd', '4'],
    ['deno', '1'],
    ['deno', '2'],
  ])('serves in %s with %s isolates, and ends it at Ctrl-C', async (runtime, isolates) => {
    const { child, printed, errors } = await start('--port', '0', '--runtime', runtime, '--isolates', isolates);
    const [url] = printed.split(' ');
    // The command that it prints, as a shell runs it.
    const command = printed.slice(printed.indexOf('curl'));
    const image = command.match(/@([^']+)/)![1]!;
    expect(relative(ROOT, join(ROOT, image))).toBe('examples/edge/build/digit.bin');
    const answer = await post(command.match(/http[^']+/)![0], readFileSync(join(ROOT, image)));
    const shown = readme.match(/^\{"digit"[\s\S]*?\}$/m)![0].replace(/\n/g, '');
    expect({ ...answer.json, ms: 0 }).toEqual({ ...JSON.parse(shown), ms: 0 });
    if (runtime === 'workerd' && isolates === '2')
      expect(readme).toContain(printed.trim().replaceAll(url!, 'http://127.0.0.1:8787/'));

    const closed = once(child, 'close');
    child.kill('SIGINT');
    expect(await closed).toEqual([130, null]);
    expect(errors()).toBe('ended by SIGINT\n');
    await expect(fetch(url!)).rejects.toThrow('fetch failed');
  });

  it.each(['workerd', 'deno'])('ends %s when it is killed itself', async (runtime) => {
    const { child, printed } = await start('--port', '0', '--runtime', runtime);
    const [url] = printed.split(' ');
    child.kill('SIGKILL');
    const ask = () => fetch(url!).then(({ status }) => status, String);
    await expect.poll(ask, { timeout: 10_000 }).toBe('TypeError: fetch failed');
  });

  it('prints a load test of 1, 2 and 4 isolates in 80 columns, with one digest', async () => {
    const { stdout } = await main('--load', '--requests', '8');
    const rows = stdout.matchAll(/^│ (\d) +│ +\d+ │ +\d+ │ +([0-9a-f]{16}) │$/gm);
    const image = readFileSync(join(FOLDER, 'build/digit.bin'));
    const { predict, layers, kind } = createClassifier(
      weights,
      Float32Array.from(image, (byte) => byte / 255),
    );
    const bytes = (await monteCarlo(predict, { samples: 100, seed: 42, layers, kind: kind as 'logits' })).toBytes();
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    expect(Array.from(rows, ([, isolates, hex]) => [isolates, hex])).toEqual(['1', '2', '4'].map((n) => [n, digest]));
    expect(readme.match(/[0-9a-f]{16}(?= │$)/gm)).toEqual(Array(3).fill(digest));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    // The head of the table.
    for (const line of stdout.split('\n').slice(1, 4)) expect(readme).toContain(line);
  });

  it('ends a load test at Ctrl-C', async () => {
    const { child, errors } = await start('--load', '--requests', '10000', '--isolates', '1');
    const closed = once(child, 'close');
    child.kill('SIGINT');
    expect(await closed).toEqual([130, null]);
    expect(errors()).toBe('ended by SIGINT\n');
  });

  it.each(['workerd', 'deno'])('says so if the port for %s is in use', async (runtime) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const stderr = `port ${port} is in use: choose another one with --port, or 0 for any that is free\n`;
    const refusal = { code: 1, stderr, stdout: '' };
    await expect(main('--port', `${port}`, '--runtime', runtime)).rejects.toMatchObject(refusal);
    other.close();
  });

  it('prints help in 80 columns', async () => {
    const { stdout } = await main('--help');
    for (const name of ['--runtime', '--isolates', '--port', '--load', '--requests']) expect(stdout).toContain(name);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    [['--isolates', '3'], /^--isolates takes 1, 2 or 4, but got "3"$/],
    [['--runtime', 'bun'], /^--runtime takes workerd or deno, but got "bun"$/],
    [['--port', '65536'], /^--port takes a whole number from 0 to 65535, but got "65536"$/],
    [['--load', '--requests', '0'], /^--requests takes a whole number from 1 to 10000, but got "0"$/],
    [['--requests', '5'], /^--requests needs --load$/],
    [['--load', '--runtime', 'deno'], /^--load measures workerd alone: /],
    [['--threads', '2'], /Unknown option '--threads'/],
    [['4'], /Unexpected argument '4'/],
  ])('refuses %s with exit code 1', async (args, message) => {
    const refusal = { code: 1, stderr: expect.stringMatching(new RegExp(message.source, 'm')), stdout: '' };
    await expect(main(...args)).rejects.toMatchObject(refusal);
  });
});

it('has correct types', () => checkTypes('edge'));
