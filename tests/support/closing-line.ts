/** Ends a run with one plain line of counts, and fails it if a test was skipped, so no test is skipped silently. */
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) for (const test of module.children.allTests()) count[test.result().state]++;
    const skipped = count.skipped + count.pending;
    if (skipped > 0) process.exitCode = 1;
    console.log(`${count.passed} passed, ${count.failed} failed, ${skipped} skipped`);
  }
}
