/** Where the site is built from and where it is written to. */
import { fileURLToPath } from 'node:url';

/** The repository, with a slash at its end. Paths of files are relative to it. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The built site, with a slash at its end. Addresses of pages are relative to it. */
export const SITE = `${ROOT}site/`;
