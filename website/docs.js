/** Writes the pages that are written in Markdown, their index, and the files of the repository that they link to. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, posix } from 'node:path';
import { figure } from './figures.js';
import { highlight } from './highlight.js';
import { escapeHtml, layout as layoutOf } from './layout.js';
import { render } from './markdown.js';
import { GROUPS, PAGES } from './pages.js';
import { ROOT, SITE } from './paths.js';
import { relative } from './relative.js';

const PICTURE = /\.(png|jpg|svg|webp)$/;
const INDEX = 'docs/index.html';

/** @param {Parameters<typeof layoutOf>[0]} page */
const layout = (page) =>
  layoutOf({ ...page, head: `<link rel="stylesheet" href="${relative(page.address, 'docs.css')}">\n` });

/** Writes all pages. Returns how many there are, and how many files they link to. */
export async function writeDocs() {
  /** @type {Set<string>} paths in the repository */
  const linked = new Set();
  for (const page of PAGES) {
    const text = readFileSync(ROOT + page.source, 'utf8');
    const { html, headings } = await render(text, {
      ...page,
      figure,
      addressOf: (path) => addressOf(path, page.source, linked),
    });
    const body = page.address.startsWith('docs/') ? docsBody(page, html, headings) : tourBody(html, headings);
    write(page.address, layout({ ...page, body }));
  }
  write(INDEX, indexPage());
  for (const path of linked) writeFile(path);
  return { pages: PAGES.length + 1, files: linked.size };
}

/**
 * The address of a file in the site. A file that is no page is noted in `linked`.
 *
 * @param {string} path
 * @param {string} source the file with the link
 * @param {Set<string>} linked
 */
function addressOf(path, source, linked) {
  const page = PAGES.find((page) => page.source === path || page.source === posix.join(path, 'README.md'));
  if (page) return page.address;
  const file = ROOT + path;
  if (!existsSync(file) || !statSync(file).isFile())
    throw new Error(`${source} links to ${path}, which is no file of the repository`);
  linked.add(path);
  return fileAddress(path);
}

/** @param {string} path */
const fileAddress = (path) => `source/${PICTURE.test(path) ? path : `${path}.html`}`;

/**
 * A file of the repository: a picture as it is, any other as a page.
 *
 * @param {string} path
 */
function writeFile(path) {
  const address = fileAddress(path);
  if (PICTURE.test(path)) {
    mkdirSync(dirname(SITE + address), { recursive: true });
    copyFileSync(ROOT + path, SITE + address);
    return;
  }
  const code = highlight(readFileSync(ROOT + path, 'utf8'), extname(path).slice(1));
  const text = `<h1>${escapeHtml(basename(path))}</h1>\n<p>${escapeHtml(path)}</p>\n${code}`;
  const body = `<main id="main" class="source">${text}</main>`;
  write(address, layout({ address, title: path, about: `The file ${path} of the repository.`, body }));
}

/**
 * @param {import('./pages.js').Page} page
 * @param {string} html
 * @param {import('./markdown.js').Heading[]} headings
 */
const docsBody = ({ address }, html, headings) => `<div class="docs">
<main id="main">
${contents(headings, 'inside')}
${html}</main>
${contents(headings, 'beside')}
<nav class="pages" aria-label="Docs">
<a href="${relative(address, INDEX)}">All docs</a>
${GROUPS.map(
  ({ name, pages }) =>
    `<h2>${name}</h2>\n<ul>${pages
      .map((page) => {
        const isCurrent = page.address === address ? ' aria-current="page"' : '';
        return `<li><a href="${relative(address, page.address)}"${isCurrent}>${escapeHtml(page.title)}</a></li>`;
      })
      .join('\n')}</ul>`,
).join('\n')}
</nav>
</div>`;

/**
 * @param {string} html
 * @param {import('./markdown.js').Heading[]} headings
 */
const tourBody = (html, headings) => `<div class="tour">
<main id="main">
${contents(headings, 'inside')}
${html}</main>
${contents(headings, 'beside')}
</div>`;

/**
 * The table of contents of a page: beside the text on a wide screen, else folded up at its beginning.
 *
 * @param {import('./markdown.js').Heading[]} headings
 * @param {'inside' | 'beside'} place
 */
function contents(headings, place) {
  const entries = headings.filter(({ level }) => level === 2 || level === 3);
  if (entries.length < 3) return '';
  const list = entries.map(
    ({ level, id, text }) => `<li class="level-${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`,
  );
  const summary = 'On this page';
  return place === 'inside'
    ? `<details class="contents"><summary>${summary}</summary><ul>${list.join('\n')}</ul></details>`
    : `<nav class="contents" aria-label="${summary}"><h2>${summary}</h2><ul>${list.join('\n')}</ul></nav>`;
}

function indexPage() {
  const lists = GROUPS.map(
    ({ name, pages }) =>
      `<h2>${name}</h2>\n<ul class="cards">${pages
        .map(
          ({ address, title, about }) =>
            `<li><a href="${relative(INDEX, address)}">${escapeHtml(title)}</a> ${escapeHtml(about)}</li>`,
        )
        .join('\n')}</ul>`,
  );
  const about = 'All pages of the documentation of dropout-wasm.';
  const api = `<p>Every exported name is in the <a href="${relative(INDEX, 'api/index.html')}">API reference</a>.</p>`;
  const body = `<main id="main" class="index"><h1>Docs</h1>\n${api}\n${lists.join('\n')}</main>`;
  return layout({ address: INDEX, title: 'Docs', about, body });
}

/**
 * @param {string} address
 * @param {string} html
 */
function write(address, html) {
  mkdirSync(dirname(SITE + address), { recursive: true });
  writeFileSync(SITE + address, html);
}
