/** The steps of the build of the site. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { checkExamples } from './api/examples.js';
import { writeReference } from './api/reference.js';
import { writeDocs } from './docs.js';
import { layout } from './layout.js';
import { checkLinks } from './links.js';
import { ROOT, SITE } from './paths.js';
import { writePlayground } from './playground.js';

/** The steps by their names, in their order: each does its work and returns what to print. */
export const STEPS = {
  frame() {
    rmSync(SITE, { recursive: true, force: true });
    mkdirSync(SITE);
    for (const name of ['style.css', 'docs.css', 'icon.svg']) copyFileSync(`${ROOT}website/${name}`, SITE + name);
    const body = '<main id="main" class="index"><h1>There is no such page</h1>\n<p>The links above lead on.</p></main>';
    const head = '<link rel="stylesheet" href="docs.css">\n';
    writeFileSync(
      `${SITE}404.html`,
      layout({ address: '404.html', title: 'Not found', about: 'Not found.', body, head }),
    );
    return 'styles and the page of wrong addresses';
  },
  types() {
    const typescript = createRequire(import.meta.url).resolve('../node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [typescript, '-p', 'website'], { cwd: ROOT, stdio: 'inherit' });
    return 'of website/ are right';
  },
  examples() {
    return `${checkExamples()} in the docstrings print what they state`;
  },
  async API() {
    await writeReference();
    return 'every public name has a docstring';
  },
  async docs() {
    const { pages, files } = await writeDocs();
    return `${pages} pages, and ${files} files that they link to`;
  },
  async playground() {
    return `${Math.round((await writePlayground()) / 1000)} KB of JavaScript`;
  },
  links() {
    const { pages, links, faults } = checkLinks(SITE);
    if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${faults.length} dead links`);
    return `${links} on ${pages} pages lead somewhere`;
  },
};
