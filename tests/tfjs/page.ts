/** A page that runs the checks of one backend, by its name in the address, and makes the results its title, as JSON. */
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
// @ts-expect-error: tests/tools/tfjs installs it.
import '@tensorflow/tfjs-backend-webgl';
// @ts-expect-error: tests/tools/tfjs installs it.
import '@tensorflow/tfjs-backend-webgpu';
import { type Check, runCheck, SETTINGS, type SettingName } from './check.js';
import { checksOf } from './checks.js';

const name = decodeURIComponent(location.search.slice(1)) as SettingName;
setWasmPaths('./');

/** The error of a check, or ''. */
async function errorOf(check: Check): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(() => resolve('no end within 30 s'), 30_000));
  const done = runCheck(SETTINGS[name], check).then(
    () => '',
    (error) => String(error),
  );
  return Promise.race([done, late]);
}

const results: [name: string, error: string, ms: number][] = [];
for (const check of checksOf(name)) {
  const start = performance.now();
  results.push([check[0], await errorOf(check), Math.round(performance.now() - start)]);
}
document.title = JSON.stringify(results);
