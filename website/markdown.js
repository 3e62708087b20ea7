/**
 * Markdown to HTML. Headings have the anchors that they have on GitHub. Links between files of the repository become
 * links between pages of the site, and pictures of website/figures/ are drawn while the site is built.
 */
import { posix } from 'node:path';
import Slugger from 'github-slugger';
import MarkdownIt from 'markdown-it';
import { highlight } from './highlight.js';
import { escapeHtml } from './layout.js';
import { relative } from './relative.js';

const markdown = new MarkdownIt({ html: true, highlight });
// A wide table scrolls in a box of its own, which takes the focus so that the arrow keys scroll it.
markdown.renderer.rules.table_open = () => '<div class="scroll" tabindex="0"><table>\n';
markdown.renderer.rules.table_close = () => '</table></div>\n';

/**
 * @typedef {object} Heading
 * @property {number} level 1 to 6
 * @property {string} id
 * @property {string} text
 */

/**
 * @param {string} text Markdown
 * @param {object} page
 * @param {string} page.source path of the Markdown in the repository
 * @param {string} page.address
 * @param {(path: string) => string} page.addressOf the address that a file of the repository has in the site
 * @param {(name: string) => Promise<string>} page.figure the SVG of website/figures/NAME.js
 */
export async function render(text, { source, address, addressOf, figure }) {
  const tokens = markdown.parse(text, {});
  const slugger = new Slugger();
  /** @type {Heading[]} */
  const headings = [];

  /** @param {string} href */
  const rewrite = (href) => {
    const [, file = '', anchor = ''] = href.match(/^([^#]*)(.*)$/) ?? [];
    if (file === '' || /^\w+:/.test(href)) return href;
    return relative(address, addressOf(posix.join(posix.dirname(source), decodeURI(file)))) + anchor;
  };

  for (const [i, token] of tokens.entries()) {
    const inline = tokens[i + 1];
    if (token.type === 'heading_open' && inline) {
      const text = textOf(inline);
      const id = slugger.slug(text);
      token.attrSet('id', id);
      headings.push({ level: Number(token.tag.slice(1)), id, text });
    }
    for (const child of token.children ?? []) {
      if (child.type === 'link_open') child.attrSet('href', rewrite(`${child.attrGet('href')}`));
      const name = child.type === 'image' && `${child.attrGet('src')}`.match(/^figures\/([\w-]+)\.svg$/)?.[1];
      if (name) drawInPlace(token, child, await figure(name));
      else if (child.type === 'image') child.attrSet('src', rewrite(`${child.attrGet('src')}`));
    }
  }
  return { html: markdown.renderer.render(withoutParagraphs(tokens), markdown.options, {}), headings };
}

/**
 * Replaces the paragraph of an image by a figure with its SVG, which has a name of its own. The title of the image, if it
 * has one, is the caption.
 *
 * @param {import('markdown-it').Token} token
 * @param {import('markdown-it').Token} image
 * @param {string} svg
 */
function drawInPlace(token, image, svg) {
  const caption = image.attrGet('title');
  token.type = 'html_block';
  token.content =
    `<figure><div class="scroll">${svg}</div>` +
    `${caption ? `<figcaption>${escapeHtml(caption)}</figcaption>` : ''}</figure>\n`;
}

/**
 * Figures stand alone: no paragraph is around them.
 *
 * @param {import('markdown-it').Token[]} tokens
 */
const withoutParagraphs = (tokens) =>
  tokens.filter((_, i) => {
    const inside = tokens[tokens[i]?.type === 'paragraph_open' ? i + 1 : i - 1];
    return !(/^paragraph_/.test(tokens[i]?.type ?? '') && inside?.type === 'html_block');
  });

/** @param {import('markdown-it').Token} inline */
const textOf = (inline) => (inline.children ?? []).map(({ content }) => content).join('');
