import { line } from './entries.js';
import { threads } from './threads.js';

threads().then(
  (result) => {
    document.title = `${line()} ${result}`;
  },
  (error) => {
    document.title = String(error);
  },
);
