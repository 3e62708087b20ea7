/** Installed programs. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The paths of these programs on PATH, those of the first name first. */
export function whichAll(...names: string[]): string[] {
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

/** The path of the first of these programs that is on PATH. */
export const which = (...names: string[]): string | undefined => whichAll(...names)[0];

export const findChromium = (): string | undefined => which('chromium', 'chromium-browser', 'google-chrome');
