/** Serves the site as a cross-origin isolated page, so that its threads can share memory. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import sirv from 'sirv';

/** What a page needs to be cross-origin isolated. */
const HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/**
 * @param {string} folder
 * @param {number} port 0 for a free one
 * @returns {Promise<import('node:http').Server>} once it listens
 * @throws {Error} (as a rejection) if the port is in use
 */
export function serve(folder, port) {
  const files = sirv(folder, {
    dev: true,
    setHeaders: (response) => response.setHeaders(new Map(Object.entries(HEADERS))),
    onNoMatch: (_, response) => {
      response.writeHead(404, { ...HEADERS, 'Content-Type': 'text/html;charset=utf-8' });
      response.end(readFileSync(`${folder}/404.html`));
    },
  });
  const server = createServer(files);
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const isInUse = 'code' in error && error.code === 'EADDRINUSE';
      reject(isInUse ? new Error(`port ${port} is in use: choose another with --port`) : error);
    });
    server.listen(port, 'localhost', () => resolve(server));
  });
}
