/**
 * Installs the packages of a folder by its lock file: `node scripts/install.js examples/edge`, in a script of
 * package.json. There, the command `npm` is one that a development dependency installs, too old for the lock
 * files. So the npm that runs the script is started by its path.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [folder] = process.argv.slice(2);
const { npm_execpath: npm } = process.env;
if (!folder || !npm) throw new Error('usage, in a script of package.json: node scripts/install.js FOLDER');
const cwd = fileURLToPath(new URL(`../${folder}`, import.meta.url));
// No package of these folders needs its install script.
const args = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
execFileSync(process.execPath, [npm, ...args], { cwd, stdio: 'inherit' });
