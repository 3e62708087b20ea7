/**
 * AGENTS.md: one page, whose names the entries export, whose options are those of the calls, whose links lead to packed
 * files, whose snippets run, and whose mistakes are mistakes.
 */
import { readFileSync } from 'node:fs';
import * as dropoutWasm from 'dropout-wasm';
import * as monteCarlo from 'dropout-wasm/monte-carlo';
import * as onnx from 'dropout-wasm/onnx';
import * as prepare from 'dropout-wasm/onnx/prepare';
import * as tfjs from 'dropout-wasm/tfjs';
import * as threads from 'dropout-wasm/threads';
import * as webgpu from 'dropout-wasm/webgpu';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import * as inference from '../../src/inference/index.js';
import { Gpu } from '../../src/webgpu/gpu.js';
import { ROOT, run } from '../packaging/project.js';
import { expectPrinted, runBody, runNode, snippetsOf, withoutSnippets } from './snippets.js';

const page = readFileSync(new URL('../../AGENTS.md', import.meta.url), 'utf8');
const text = withoutSnippets(page);

const ENTRIES: { [name: string]: object } = {
  'dropout-wasm': dropoutWasm,
  'dropout-wasm/inference': inference,
  'dropout-wasm/monte-carlo': monteCarlo,
  'dropout-wasm/onnx': onnx,
  'dropout-wasm/onnx/prepare': prepare,
  'dropout-wasm/tfjs': tfjs,
  'dropout-wasm/threads': threads,
  'dropout-wasm/webgpu': webgpu,
};

/** A call whose last argument is an object of option names. */
const OPTIONS = /^(.*)\{ ((?:\w+\??|…)(?:, (?:\w+\??|…))*) \}\)$/;

/** What `…` stands for. */
const LAYER_OPTIONS = ['seed', 'generator', 'inplace', 'always'];

const codeIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

/** The code in the rows of a table with two columns: that of the first cell, and that of the second. */
const rowsOf = (heading: string) =>
  text
    .split(/^## /m)
    .find((section) => section.startsWith(`${heading}\n`))!
    .match(/^\|.*$/gm)!
    .slice(2)
    .map((row) => row.split(' | ').map(codeIn) as [string[], string[]]);

const names = rowsOf('Names');

it('has at most 80 lines', () => {
  expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(80);
});

it.each(snippetsOf(page).map(({ name, code }) => [name, code]))('%s', (_, code) => {
  expectPrinted({ code, printed: runNode('--input-type=module', '--eval', code) });
});

it('links to files of the package', async () => {
  // Without prepack, which would build dist again while other tests read it.
  const [packed] = JSON.parse(await run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json', '--silent'], ROOT));
  const files = packed.files.map(({ path }: { path: string }) => path);
  expect(files).toContain('AGENTS.md');
  const links = [...page.matchAll(/\]\(([^)#]*)/g)].map(([, link]) => link);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect(files).toContain(link);
});

it('names every entry', () => {
  const named = names.flatMap(([entry]) => entry);
  for (const [name, target] of Object.entries(manifest.exports))
    if (typeof target === 'object') expect(named).toContain(name.replace('.', 'dropout-wasm'));
});

describe.each(Object.entries(ENTRIES))('%s', (entry, exports) => {
  const codes = names.filter(([[name]]) => name === entry).flatMap(([, codes]) => codes);
  const calls = codes.filter((code) => /^\w.*\(/.test(code));

  it.each(Object.keys(exports).filter((name) => !/^internal/.test(name)))(
    'exports %s, which the page names',
    (name) => {
      expect(text.match(/\w+/g)).toContain(name);
    },
  );

  it.each(calls)('exports the name in %s', (call) => {
    expect(exports).toHaveProperty(call.match(/^(?:new )?([\w.]+)\(/)![1]!);
  });

  it.each(calls.filter((call) => OPTIONS.test(call)))('%s has all options', async (call) => {
    const [, before, options] = call.match(OPTIONS)!;
    const listed = options!.split(', ').flatMap((name) => (name === '…' ? LAYER_OPTIONS : name.replace('?', '')));
    // Each argument before the options is 0.5 for a layer, and an array otherwise.
    const args = before!.replace(/\(.*/, (args) =>
      args.replace(/\w+( = [\d.]+)?/g, call.startsWith('new') ? '0.5' : 'x'),
    );
    const wrong = runBody(`return ${args}{ unknown: true })`, { ...exports, x: Float32Array.of(0.5) });
    const message: string = await wrong.then(() => 'no error', String);
    const [, known] = message.match(/^TypeError: unknown option "unknown": the options are (.*)$/) ?? [message, ''];
    expect(known!.split(', ').sort()).toEqual(listed.sort());
  });
});

describe('members', () => {
  // `Dropout` `.forward(x, out?)` `.backward(dy, out?)` …: a member belongs to the class before it.
  const codes = names.flatMap(([, codes]) => codes);
  const members = codes.flatMap((code, i) =>
    code.startsWith('.') ? [[codes.slice(0, i).findLast((name) => /^\w+$/.test(name))!, code]] : [],
  );

  it.each(members)('%s has %s', (name, code) => {
    const classes = { ...dropoutWasm, ...webgpu, Gpu } as object as { [name: string]: { prototype: object } };
    expect(code!.match(/\w+/)![0] in classes[name!]!.prototype).toBe(true);
  });
});

describe('mistakes', () => {
  const scope = () => {
    const layer = new dropoutWasm.Dropout(0.5, { seed: 1 });
    const x = new Float32Array(8).fill(1);
    const predict = () => layer.forward(x, { training: layer.training });
    const generator = new dropoutWasm.Generator(1);
    return { ...dropoutWasm, ...monteCarlo, x, layer, layers: [layer], predict, generator };
  };

  it.each(rowsOf('Mistakes').flatMap(([wrong]) => wrong))('%s throws', async (code) => {
    const error = await runBody(`return ${code}`, scope()).catch((error) => error);
    expect(error).toBeInstanceOf(Error);
    // A misspelled name would throw too.
    expect(String(error)).not.toMatch(/ is not (defined|a function|a constructor)$/);
  });

  it.each(rowsOf('Mistakes').flatMap(([, right]) => right))('%s works', async (code) => {
    expect(await runBody(`return ${code}`, scope())).toBeDefined();
  });
});
