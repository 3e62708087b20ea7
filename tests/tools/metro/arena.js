import { threads } from './threads.js';

globalThis.result = threads;
