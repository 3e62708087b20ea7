/** For runtimes with a command line. Its argument is a list of the suite, or 'threads', or 'webgpu'. Prints JSON. */

import type { Extent } from '../webgpu/suite.js';
import { report } from './report.js';
import type { List } from './suite.js';
import { threads } from './threads.js';
import { webgpu } from './webgpu.js';

const [task, extent] = process.argv.slice(2) as ['threads'] | ['webgpu', Extent] | [List];
const answer = () => (task === 'threads' ? threads() : task === 'webgpu' ? webgpu(extent!) : report(task));
console.log(JSON.stringify(await answer()));
