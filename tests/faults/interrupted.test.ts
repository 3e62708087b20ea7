/**
 * Ctrl-C in the REPL of Node, which makes V8 end a call anywhere without running `finally`. The line that is ended says
 * when it is in the middle of a call, and the next lines show what it left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';

const repls: ChildProcess[] = [];
afterEach(() => {
  for (const repl of repls.splice(0)) repl.kill('SIGKILL');
});

/** A REPL whose lines print what they mean to say behind a mark. */
function startRepl() {
  const repl = spawn(process.execPath, ['-i'], { env: { ...process.env, NODE_REPL_HISTORY: '', NO_COLOR: '1' } });
  repls.push(repl);
  const log: string[] = [];
  const said: string[] = [];
  let wake = () => {};
  for (const stream of [repl.stdout, repl.stderr])
    createInterface(stream).on('line', (line) => {
      log.push(line);
      const [, text] = line.match(/@@(.*)/) ?? [];
      if (text !== undefined) said.push(text);
      wake();
    });
  const ended = new Promise<never>((_, reject) => {
    repl.on('exit', (code, signal) => reject(new Error(`the REPL ended with ${code ?? signal}:\n${log.join('\n')}`)));
  });
  ended.catch(() => {});
  /** What the next line says. */
  const next = async (): Promise<string> => {
    while (said.length === 0) await Promise.race([ended, new Promise<void>((resolve) => (wake = resolve))]);
    return said.shift()!;
  };
  return {
    log,
    /** Types a line. @returns what it says */
    async type(line: string): Promise<string> {
      repl.stdin.write(`${line.replace(/\s*\n\s*/g, ' ')}\n`);
      return next();
    },
    interrupt: () => repl.kill('SIGINT'),
  };
}

/** Of a line: says a text, at once even if the line never ends. */
const SAY = `const say = (text) => require('node:fs').writeSync(1, '\\n@@' + text + '\\n'); say('ready')`;

it('a call that never ends, in the middle of every kernel', async () => {
  const { type, interrupt, log } = startRepl();
  expect(await type(SAY)).toBe('ready');
  expect(
    await type(`
      const L = await import('dropout-wasm'); const T = await import('dropout-wasm/threads');
      const n = 2 ** 20; const options = { p: 0.5, key: 5n };
      const shared = await T.SharedArena.create({ bytes: 16 * n, threads: 3, timeout: 60000 });
      const arena = new L.Arena({ bytes: 16 * n });
      const makers = [(n) => new Float32Array(n), (n) => arena.float32(n), (n) => shared.float32(n)];
      const pairs = makers.map((make) => [make(n).fill(1), make(n)]);
      const calls = [
        (x, out) => L.dropout(x, { ...options, out }),
        (x, out) => L.alphaDropout(x, { ...options, out }),
        (x, out) => L.gaussianNoise(x, { stddev: 1, key: 5n, out }),
        (x, out) => L.biasDropoutResidual(x, { ...options, bias: x.slice(0, 1024), residual: x, out }),
        (x, out) => L.applyMask(x, L.mask(n, options), { p: 0.5, out }),
        (x, out) => L.dropBlock2d({ data: x, shape: [1, 1024, 1024] }, { ...options, blockSize: 3, out: { data: out, shape: [1, 1024, 1024] } }).data,
      ];
      const bits = (array) => require('node:crypto').hash?.('sha1', new Uint8Array(array.buffer, array.byteOffset, array.byteLength)) ??
        require('node:crypto').createHash('sha1').update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)).digest('hex');
      const all = () => calls.map((call) => pairs.map(([x, out]) => bits(call(x, out.fill(9)))).join());
      const right = String(all()); say(new Set(all()[0].split(',')).size)`),
  ).toBe('1');
  for (let call = 0; call < 6; call++)
    for (let at = 0; at < 3; at++) {
      // The second of the endless calls is under way when the line has said so.
      const line = `for (let i = 0; ; i++) { calls[${call}](...pairs[${at}]); if (i === 1) say('begun') }`;
      expect(await type(line)).toBe('begun');
      interrupt();
      expect(await type(`say(String(all()) === right && shared.threads)`), `call ${call} on ${at}`).toBe('3');
    }
  expect(log.filter((line) => /interrupted by `SIGINT`/.test(line))).toHaveLength(18);
});

it('a forward draws its key or does not, and the layer goes on with the mask that is due', async () => {
  const { type, interrupt } = startRepl();
  expect(await type(SAY)).toBe('ready');
  expect(
    await type(`
      const L = await import('dropout-wasm'); const n = 3000; const shape = [5, 10, 60];
      const x = new Float32Array(n).fill(1); const out = new Float32Array(n);
      const layers = ['Dropout', 'Dropout1d', 'AlphaDropout', 'GaussianDropout', 'DropPath', 'DropBlock2d', 'LockedDropout']
        .map((name) => new L[name](0.5, { seed: 42 }));
      const due = (layer) => { const twin = layer.constructor.fromJSON(JSON.parse(JSON.stringify(layer))); const { position } = twin.generator;
        const y = String(layer.forward({ data: x, shape }).data); const dx = String(layer.backward({ data: x, shape }).data);
        return y === String(twin.forward({ data: x, shape }).data) && dx === String(twin.backward({ data: x, shape }).data)
          && layer.generator.position === twin.generator.position && layer.key === twin.key; };
      say(layers.every(due))`),
  ).toBe('true');
  for (let round = 0; round < 21; round++) {
    const line = `for (let i = 0; ; i++) { const layer = layers[${round % 7}]; layer.forward({ data: x, shape }, { data: out, shape });
      layer.reset?.(); layer.backward({ data: x, shape }, { data: out, shape }); if (i === 1) say('begun') }`;
    expect(await type(line)).toBe('begun');
    interrupt();
    expect(await type('say(layers.every(due))'), `round ${round}`).toBe('true');
  }
});

it('the first call of all: the kernel is chosen by the next one', async () => {
  for (const step of ['Memory', 'Module', 'Instance']) {
    const { type, interrupt } = startRepl();
    expect(await type(SAY)).toBe('ready');
    expect(
      await type(`
        const L = await import('dropout-wasm'); const { ${step}: Real } = WebAssembly;
        WebAssembly.${step} = class { constructor() { say('begun'); for (;;); } }; say('set')`),
    ).toBe('set');
    const call = 'L.dropout(Float32Array.of(1, 2, 3, 4), { p: 0.5, key: 0xbdd732262feb6e95n })';
    expect(await type(call)).toBe('begun');
    interrupt();
    expect(await type(`WebAssembly.${step} = Real; say(${call} + ' ' + L.backend().name)`)).toBe('2,0,0,8 wasm-simd');
  }
});

it('a sample of a Monte-Carlo run: its layers are as before the run, and a new run is right', async () => {
  const { type, interrupt } = startRepl();
  expect(await type(SAY)).toBe('ready');
  expect(
    await type(`
      const L = await import('dropout-wasm'); const { monteCarlo } = await import('dropout-wasm/monte-carlo');
      const create = () => [new L.Dropout(0.5, { seed: 1 }).eval(), new L.LockedDropout(0.5, { seed: 2 })];
      const layers = create(); const x = new Float32Array(24).fill(1);
      const predict = (layers) => () => layers[1].forward({ data: layers[0].forward(x), shape: [2, 3, 4] });
      const mean = async (layers) => String((await monteCarlo(predict(layers), { samples: 10, layers })).mean);
      const state = (layers) => JSON.stringify(L.layersToJSON(layers)); say(await mean(create()) === await mean(create()))`),
  ).toBe('true');
  const endless = '() => { predict(layers)(); say("begun"); for (;;); }';
  for (const run of [
    `await monteCarlo(${endless}, { samples: 10, layers })`,
    `await monteCarlo.stream(${endless}, { samples: 10, layers }).next()`,
  ]) {
    expect(await type(run)).toBe('begun');
    interrupt();
    expect(await type('say(state(layers) === state(create()) && layers[0].forward(x) === x)')).toBe('true');
    expect(
      await type('mean(layers).then(async (text) => say(text === await mean(create())), (error) => say(error))'),
    ).toBe('true');
  }
});
