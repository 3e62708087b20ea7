/** Relative links between the pages of the site, so that it works from any folder of a host. */
import { posix } from 'node:path';

/**
 * The link from one page to another.
 *
 * @param {string} from address of the page that has the link
 * @param {string} to address of the other page or file
 */
export const relative = (from, to) => posix.relative(posix.dirname(from), to);
