/** For runtimes with a command line. Its argument is a list of the suite, or 'threads'. Prints the answer as JSON. */
import { report } from './report.js';
import type { List } from './suite.js';
import { threads } from './threads.js';

const task = process.argv[2] as List | 'threads';
console.log(JSON.stringify(await (task === 'threads' ? threads() : report(task))));
