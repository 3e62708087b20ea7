/** For workerd: answers a request for /short, /full or /monte-carlo with the report. */
import { report } from './report.js';
import type { List } from './suite.js';

export default {
  async fetch({ url }: Request): Promise<Response> {
    const list = new URL(url).pathname.slice(1) as List;
    return Response.json(await report(list).catch((error) => ({ error: String(error.stack) })));
  },
};
