/** For runtimes with a command line. Prints the result of a row as JSON. */
import { bench } from './core.js';

console.log(JSON.stringify(await bench(process.argv[2] ?? '')));
