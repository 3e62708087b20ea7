/** For runtimes with a command line: prints what was compared. */
import { threads } from './threads.js';

console.log(JSON.stringify(await threads()));
