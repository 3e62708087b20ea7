/** For workerd: answers with the report. */
import { report } from './report.js';

export default {
  fetch: async () => Response.json(await report().catch((error) => ({ error: String(error.stack) }))),
};
