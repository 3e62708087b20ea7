/**
 * One thread, like every other peer, and only the optimizer off that removes every Dropout.
 */
export const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  extra: { optimization: { disable_specified_optimizers: 'EliminateDropout' } },
};
