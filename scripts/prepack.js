/**
 * Runs before `npm pack` and `npm publish`, after the build. npm stores the mode of each file in the tarball, which would
 * depend on the packer's umask.
 */
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const { files } = JSON.parse(readFileSync('package.json', 'utf8'));

// npm packs these three in any case.
for (const path of ['package.json', 'README.md', 'LICENSE', ...files])
  for (const file of statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, withFileTypes: true })
    : [path])
    if (typeof file === 'string') chmodSync(file, 0o644);
    else if (file.isFile()) chmodSync(join(file.parentPath ?? file.path, file.name), 0o644);
