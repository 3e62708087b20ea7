/** Servers of a project on loopback: plain files, Vite's dev server, workerd. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createServer as createViteServer } from 'vite';
// @ts-expect-error: it has no types. It exports the path of the program.
import workerd from 'workerd';

export interface Server {
  url: string;
  close(): Promise<unknown>;
}

/** Pages are isolated, so that they can use threads. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

export async function serveFiles(directory: string): Promise<Server> {
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url!, 'http://localhost');
    const file = await readFile(join(directory, pathname)).catch(() => undefined);
    const type = TYPES[extname(pathname)] ?? 'application/octet-stream';
    if (file) response.writeHead(200, { ...ISOLATED, 'content-type': type }).end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function serveVite(directory: string): Promise<Server> {
  const server = await createViteServer({
    root: directory,
    configFile: false,
    mode: 'development',
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0 },
  });
  await server.listen();
  return {
    url: `http://127.0.0.1:${(server.httpServer!.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

export async function serveWorker(directory: string): Promise<Server> {
  const args = ['serve', 'workerd.capnp', '--socket-addr=http=127.0.0.1:0', '--control-fd=3'];
  const server = spawn(workerd, args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let errors = '';
  server.stderr!.on('data', (data) => {
    errors += data;
  });
  const ended = new Promise((resolve) => server.on('close', resolve));
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(server.stdio[3] as Readable).on('line', (line) => resolve(JSON.parse(line).port));
    server.on('error', reject);
    server.on('close', (code) => reject(new Error(`workerd ended with ${code}: ${errors}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.kill();
      return ended;
    },
  };
}
