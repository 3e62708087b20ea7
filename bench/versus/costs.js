/** What a peer costs besides time per element: its start, and the bytes that a page loads or a machine installs. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { median } from '../measure.js';
import { findPython, openPyTorch } from './pytorch.js';

/** @typedef {import('./peers.js').Peer} Peer */

const BENCH = fileURLToPath(new URL('..', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const PEER_MODULES = `${BENCH}peers/node_modules`;

/** Files that a bundle loads besides itself. */
const WASM = /** @type {Record<string, string>} */ ({
  'tfjs-wasm': `${NODE_MODULES}/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm`,
  'onnx-web': `${PEER_MODULES}/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm`,
});

/**
 * @param {Peer} peer
 * @returns {Promise<number>} ms from the import to the first result, in a new process
 */
export async function timeStart({ name }) {
  if (name === 'pytorch') {
    const { ask, stop } = openPyTorch(findPython());
    try {
      return await ask({ name: 'first' });
    } finally {
      stop();
    }
  }
  const script = fileURLToPath(new URL('start.js', import.meta.url));
  return Number(
    execFileSync(process.execPath, [script, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

/**
 * @param {Peer[]} peers which take turns
 * @param {number} rounds
 * @param {(peer: Peer, error: unknown) => void} failed
 * @returns {Promise<Record<string, number>>} the median of each, in ms
 */
export async function timeStarts(peers, rounds, failed) {
  /** @type {Map<Peer, number[]>} */
  const times = new Map(peers.map((peer) => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [peer, samples] of times) {
      try {
        samples.push(await timeStart(peer));
      } catch (error) {
        failed(peer, error);
        times.delete(peer);
      }
    }
  }
  return Object.fromEntries([...times].map(([{ name }, samples]) => [name, median(samples)]));
}

/**
 * Bytes of a peer: minified and gzipped with its WebAssembly, or installed for one that is native.
 *
 * @param {Peer} peer
 */
export async function sizeOf({ name, first }) {
  if (name === 'onnx-native')
    return folderBytes(`${PEER_MODULES}/onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}`);
  if (name === 'pytorch') {
    const { ask, stop } = openPyTorch(findPython());
    try {
      return await ask({ name: 'size' });
    } finally {
      stop();
    }
  }
  const { outputFiles } = await build({
    entryPoints: [`${BENCH}${first}`],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    // The part of it that runs on the CPU.
    alias: { 'onnxruntime-web': `${PEER_MODULES}/onnxruntime-web/dist/ort.wasm.min.mjs` },
    // Ignores the paths of tsconfig.json, which map our package's name to its source.
    tsconfigRaw: {},
    // js-pytorch imports them, and uses them to store models in Node alone.
    external: ['fs', 'module'],
    write: false,
    logLevel: 'silent',
  });
  const parts = [/** @type {import('esbuild').OutputFile} */ (outputFiles[0]).contents];
  if (WASM[name]) parts.push(readFileSync(WASM[name]));
  return parts.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
}

/** @param {string} folder */
function folderBytes(folder) {
  return readdirSync(folder)
    .map((name) => statSync(`${folder}/${name}`).size)
    .reduce((sum, bytes) => sum + bytes, 0);
}
