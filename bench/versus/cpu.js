import { clockOf } from '../measure.js';

/** The CPU time of this process, with all of its threads: ONNX Runtime computes on another one than JavaScript. */
export const CPU = clockOf(() => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
});
