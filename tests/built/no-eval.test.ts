/** No code is made from text: source and bundles have no way to, and every entry runs where it is forbidden. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { parseAst } from 'rollup/parseAst';
import { describe, expect, it } from 'vitest';
import { LINE } from '../packaging/fixtures/report.js';

interface Node {
  type: string;
  name?: string;
  value?: unknown;
  callee?: Node;
  arguments?: Node[];
  property?: Node;
}

/** Functions that take code as a string in place of a function. */
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'execScript', 'importScripts'];

/** What makes code from text in a program: eval, Function and its relatives, and timers of strings. */
function codeFromText(program: string): string[] {
  const found: string[] = [];
  const visit = (value: unknown, parent?: Node): void => {
    if (Array.isArray(value)) for (const node of value) visit(node, parent);
    if (typeof value !== 'object' || value === null || !('type' in value)) return;
    const node = value as Node;
    const isName = node.type === 'Identifier' && !(parent?.type === 'Property' || parent?.type === 'MemberExpression');
    if (isName && node.name === 'eval') found.push('eval');
    if ((node.type === 'NewExpression' || node.type === 'CallExpression') && node.callee) {
      const { callee } = node;
      const name = callee.name ?? callee.property?.name ?? '';
      if (/^(Async|Generator|AsyncGenerator)?Function$|^eval$|^constructor$/.test(name)) found.push(name);
      const [first] = node.arguments ?? [];
      if (TIMERS.includes(name) && first && /Literal/.test(first.type)) found.push(`${name} of text`);
    }
    for (const part of Object.values(node)) visit(part, node);
  };
  visit(parseAst(program));
  return found;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const filesIn = (folder: string, extension: string) =>
  readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension) && !file.endsWith(`.d${extension}`))
    .map((file) => `${folder}/${file}`);

describe('code from text', () => {
  it.each([
    'eval("1")',
    '(0, eval)("1")',
    'const run = eval; run("1")',
    'globalThis.eval("1")',
    'new Function("return 1")',
    'Function("return 1")()',
    'new AsyncFunction("")',
    '(() => {}).constructor("return 1")',
    'setTimeout("run()", 1)',
    'setInterval(`run()`, 1)',
  ])('is found in %s', (program) => {
    expect(codeFromText(program)).not.toEqual([]);
  });

  it('is not found in programs that only look alike', () => {
    const program =
      'layer.eval(); setTimeout(() => {}, 1); typeof f === "function"; x.constructor.name; ({ eval: 1 });';
    expect(codeFromText(withoutMethod(program))).toEqual([]);
  });
});

/** `layer.eval()`, which switches to evaluation, has the name of the global function and is a method. */
const withoutMethod = (program: string) =>
  program.replace(/\.eval\(\)|\beval\(\) \{/g, (text) => text.replace('eval', 'evaluate'));

it('no bundle makes code from text', () => {
  const files = filesIn('dist', '.js');
  expect(files.length).toBeGreaterThanOrEqual(11);
  for (const file of files)
    expect(codeFromText(withoutMethod(readFileSync(`${ROOT}/${file}`, 'utf8'))), file).toEqual([]);
});

it('no source does', async () => {
  for (const file of filesIn('src', '.ts')) {
    const { code } = await transform(readFileSync(`${ROOT}/${file}`, 'utf8'), { loader: 'ts', target: 'es2022' });
    expect(codeFromText(withoutMethod(code)), file).toEqual([]);
  }
});

it('every entry runs where code from text is forbidden, with WebAssembly and threads', async () => {
  const program = `
    import * as main from 'dropout-wasm';
    import * as inference from 'dropout-wasm/inference';
    import * as monteCarlo from 'dropout-wasm/monte-carlo';
    import * as onnx from 'dropout-wasm/onnx';
    import * as onnxPrepare from 'dropout-wasm/onnx/prepare';
    import * as reference from 'dropout-wasm/reference';
    import * as webgpu from 'dropout-wasm/webgpu';
    import { SharedArena } from 'dropout-wasm/threads';
    import '@tensorflow/tfjs-backend-cpu';
    import { ones } from '@tensorflow/tfjs-core';
    import * as tfjs from 'dropout-wasm/tfjs';
    import 'dropout-wasm/tfjs/inference';
    import { report } from './tests/packaging/fixtures/report.js';
    let forbidden = false;
    try { new Function(''); } catch { forbidden = true; }
    const arena = await SharedArena.create({ bytes: 2 ** 23, threads: 2, worker: 'url', timeout: 60_000 });
    const blob = await SharedArena.create({ bytes: 64, threads: 2, worker: 'blob', timeout: 60_000 });
    const x = arena.float32(2 ** 20).fill(1);
    const [y, z] = [x, x.slice()].map((x) => main.dropout(x, { p: 0.5, key: 1n }));
    console.log(forbidden, Buffer.compare(new Uint8Array(y.slice().buffer), new Uint8Array(z.buffer)), arena.threads, blob.threads);
    console.log(new tfjs.Dropout({ rate: 0.5, seed: 42 }).apply(ones([8]), { training: true }).dataSync().join());
    console.log(report(main, inference, monteCarlo, onnx, onnxPrepare, reference, webgpu));
    blob.close();
    arena.close();`;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: ROOT });
  expect(
    stdout
      .trim()
      .split('\n')
      .filter((line) => !/^[= ]|^Hi,/.test(line))
      .slice(-3),
  ).toEqual(['true 0 2 2', '2,0,0,2,0,0,2,0', LINE]);
});
