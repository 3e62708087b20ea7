/**
 * Installs the packages of an example by its lock file: `node scripts/install-example.js edge`, in a script of
 * package.json. There, the command `npm` is one that a development dependency installs, too old for the lock
 * files. So the npm that runs the script is started by its path.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [name] = process.argv.slice(2);
const { npm_execpath: npm } = process.env;
if (!name || !npm) throw new Error('usage, in a script of package.json: node scripts/install-example.js NAME');
const cwd = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
// No package of the examples needs its install script.
const args = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
execFileSync(process.execPath, [npm, ...args], { cwd, stdio: 'inherit' });
