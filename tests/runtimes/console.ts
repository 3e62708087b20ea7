/** For runtimes with a command line: prints the report. */
import { report } from './report.js';

console.log(JSON.stringify(await report()));
