/** Runs the suite in workerd, on the package's entry for workerd, and asks for the report over HTTP on loopback. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Report } from './report.js';
import type { List } from './suite.js';

const folder = fileURLToPath(new URL('../../build/runtimes', import.meta.url));

const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/**
 * Maps the names of imports to files. The paths are relative to build/runtimes. workerd resolves imports against the
 * name of the module, so that dropout-wasm/monte-carlo imports dropout-wasm/dropout-wasm.
 */
const config = (date: string) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "suite", worker = .suite)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")]
);
const suite :Workerd.Worker = (
  compatibilityDate = "${date}",
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "dropout-wasm", esModule = embed "../../${exports['.'].workerd}"),
    (name = "dropout-wasm/monte-carlo", esModule = embed "../../${exports['./monte-carlo'].default}"),
    (name = "dropout-wasm/dropout-wasm", esModule = "export * from '/dropout-wasm'"),
    (name = "dropout-wasm/reference", esModule = embed "../../${exports['./reference'].default}"),
    (name = "kernel.wasm", wasm = embed "../../dist/kernel.wasm"),
    (name = "extras.wasm", wasm = embed "../../dist/extras.wasm"),
    (name = "fused.wasm", wasm = embed "../../dist/fused.wasm"),
    (name = "gaussian.wasm", wasm = embed "../../dist/gaussian.wasm")
  ]
);
`;

/** @param date compatibility date */
export async function inWorkerd([program, ...args]: string[], date: string, list: List): Promise<Report> {
  const file = `workerd-${date}.capnp`;
  writeFileSync(`${folder}/${file}`, config(date));
  // workerd picks a free port and reports it on descriptor 3.
  const server = spawn(program!, [...args, 'serve', '--control-fd=3', file], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const ended = new Promise<never>((_, reject) => {
    server.on('exit', (code) => reject(new Error(`workerd ended with ${code}`)));
    server.on('error', reject);
  });
  const listening = new Promise<number>((resolve) => {
    createInterface(server.stdio[3] as Readable).on('line', (line) => {
      const { event, port } = JSON.parse(line);
      if (event === 'listen') resolve(port);
    });
  });
  try {
    const port = await Promise.race([listening, ended]);
    const signal = AbortSignal.timeout(100_000);
    const answer = fetch(`http://127.0.0.1:${port}/${list}`, { signal }).then((response) => response.json());
    const report = (await Promise.race([answer, ended])) as Report & { error?: string };
    if (report.error) throw new Error(report.error);
    return report;
  } finally {
    server.kill();
    await ended.catch(() => {});
  }
}
