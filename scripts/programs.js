/** Installed programs. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The paths of these programs on PATH, those of the first name first.
 *
 * @param {string[]} names
 */
export function whichAll(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .filter((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * The path of the first of these programs that is on PATH.
 *
 * @param {string[]} names
 * @returns {string | undefined}
 */
export const which = (...names) => whichAll(...names)[0];

export const findChromium = () => which('chromium', 'chromium-browser', 'google-chrome');

export const findFirefox = () => which('firefox-esr', 'firefox');

/**
 * The path of WebKitGTK's own browser, which Debian installs beside its library.
 *
 * @returns {string | undefined}
 */
export function findMiniBrowser() {
  try {
    const files = execFileSync('dpkg', ['-L', 'libwebkit2gtk-4.1-0'], { encoding: 'utf8', stdio: 'pipe' });
    return files.split('\n').find((file) => file.endsWith('/MiniBrowser'));
  } catch {
    return undefined;
  }
}
