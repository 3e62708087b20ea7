/**
 * Checks the HTML of the built site: every link and every anchor leads somewhere inside of the folder, nothing is
 * loaded from another host, and no script is inline, which `script-src 'self'` would refuse.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { Parser } from 'htmlparser2';

/** Elements whose `src` or `href` the browser loads on its own. */
const LOADED = new Set(['script', 'link', 'img', 'iframe', 'source', 'video', 'audio', 'use']);

/**
 * @param {string} folder
 * @returns {{ pages: number, links: number, faults: string[] }}
 */
export function checkLinks(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.html'));
  const pages = new Map(names.map((name) => [name, readPage(readFileSync(`${folder}/${name}`, 'utf8'))]));
  const faults = [...pages].flatMap(([name, { links, scripts }]) => [
    ...links.flatMap((link) => {
      const fault = faultOf(link, name);
      return fault ? [`${name}: ${link.url} ${fault}`] : [];
    }),
    ...scripts.map((script) => `${name}: ${script} is inline`),
  ]);
  return { pages: pages.size, links: [...pages.values()].reduce((sum, { links }) => sum + links.length, 0), faults };

  /**
   * @param {Link} link
   * @param {string} from
   */
  function faultOf({ url, isLoaded }, from) {
    if (/^data:/i.test(url)) return undefined;
    if (/^([a-z][a-z+.-]*:|\/\/)/i.test(url)) return isLoaded ? 'is loaded from another host' : undefined;
    if (url.startsWith('/')) return 'is not relative, so the site would work in the root of a host only';
    const [path = '', anchor = ''] = decodeURI(url).split('#');
    const target = path === '' ? from : posix.join(posix.dirname(from), path.replace(/\?.*$/, ''));
    const file = `${folder}/${target}`;
    if (target.startsWith('..') || !existsSync(file) || !statSync(file).isFile()) return 'leads nowhere';
    if (isLoaded || anchor === '' || anchor === 'top') return undefined;
    return pages.get(target)?.ids.has(anchor) ? undefined : 'leads to no element of that page';
  }
}

/**
 * @typedef {object} Link
 * @property {string} url
 * @property {boolean} isLoaded by the browser, as opposed to a link that a person follows
 */

/** @param {string} html */
function readPage(html) {
  /** @type {Link[]} */
  const links = [];
  /** @type {Set<string>} */
  const ids = new Set();
  /** @type {string[]} */
  const scripts = [];
  const parser = new Parser({
    onopentag(element, attributes) {
      const { id, name, href, src } = attributes;
      if (id) ids.add(id);
      if (name && element === 'a') ids.add(name);
      for (const url of [href, src]) if (url !== undefined) links.push({ url, isLoaded: LOADED.has(element) });
      if (element === 'script' && src === undefined) scripts.push('a script');
      for (const attribute of Object.keys(attributes))
        if (/^on/.test(attribute)) scripts.push(`the handler ${attribute} of an element ${element}`);
    },
  });
  parser.end(html);
  return { links, ids, scripts };
}
