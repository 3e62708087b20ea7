/** Installed programs. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

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

/**
 * The variables by which programs find SwiftShader, the Vulkan driver that Chromium has beside its program.
 *
 * @returns {Record<string, string> | undefined}
 */
export function findSwiftShader() {
  const chromium = findChromium();
  if (!chromium) return undefined;
  // Debian's command is a script in another folder.
  const folders = [dirname(realpathSync(chromium)), join(dirname(chromium), '../lib', basename(chromium))];
  const folder = folders.find((folder) => existsSync(join(folder, SWIFT_SHADER)));
  // Chromium has the loader of Vulkan too.
  return folder === undefined ? undefined : { VK_ICD_FILENAMES: join(folder, SWIFT_SHADER), LD_LIBRARY_PATH: folder };
}

const SWIFT_SHADER = 'vk_swiftshader_icd.json';

/**
 * The variables by which programs find lavapipe, Mesa's driver (Debian: mesa-vulkan-drivers, libvulkan1).
 *
 * @returns {Record<string, string> | undefined}
 */
export function findLavapipe() {
  const folder = '/usr/share/vulkan/icd.d';
  const file = existsSync(folder) && readdirSync(folder).find((name) => name.startsWith('lvp_icd.'));
  return file ? { VK_ICD_FILENAMES: join(folder, file) } : undefined;
}

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
