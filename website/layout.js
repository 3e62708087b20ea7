/** What all pages have around their text: the head, the header with the ways through the site, and the footer. */
import manifest from '../package.json' with { type: 'json' };
import { relative } from './relative.js';

/** The parts of the site, by the addresses of their first pages. */
const PARTS = [
  ['Playground', 'index.html'],
  ['Tour', 'tour.html'],
  ['Docs', 'docs/index.html'],
  ['API', 'api/index.html'],
];

/**
 * A whole page.
 *
 * @param {object} page
 * @param {string} page.address
 * @param {string} page.title
 * @param {string} page.about
 * @param {string} page.body HTML between the header and the footer, with an element "main"
 * @param {string} [page.head] HTML for the head
 * @param {string} [page.attributes] of the root element
 */
export const layout = ({ address, title, about, body, head = '', attributes = '' }) => `<!doctype html>
<html lang="en"${attributes}>
<head>
<meta charset="utf-8">
<title>${escapeHtml(title === manifest.name ? title : `${title} · ${manifest.name}`)}</title>
<meta name="description" content="${escapeHtml(about)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="${relative(address, 'icon.svg')}">
<link rel="stylesheet" href="${relative(address, 'style.css')}">
${head}</head>
<body>
${header(address)}
${body}
${footer()}
</body>
</html>
`;

/**
 * The header of a page. The part of the site that the page belongs to is marked.
 *
 * @param {string} address
 */
export function header(address) {
  const folder = address.replace(/\/.*/, '/');
  const links = PARTS.map(([name, to = '']) => {
    const isCurrent = to === address ? ' aria-current="page"' : to.startsWith(folder) ? ' aria-current="true"' : '';
    return `<a href="${relative(address, to)}"${isCurrent}>${name}</a>`;
  });
  return `<a class="skip" href="#main">Skip to the text</a>
<header class="site-header">
<a class="brand" href="${relative(address, 'index.html')}">${manifest.name}</a>
<nav aria-label="Site">${links.join('\n')}</nav>
</header>`;
}

export const footer = () =>
  `<footer class="site-footer">${manifest.name} ${manifest.version}, ${manifest.license} license.</footer>`;

/**
 * Text as HTML, also inside of an attribute.
 *
 * @param {string} text
 */
export const escapeHtml = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
