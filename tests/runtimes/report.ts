/** Runs the suite inside a runtime, on the built package, imported by its name. */
import * as pkg from 'dropout-wasm';
import * as monteCarlo from 'dropout-wasm/monte-carlo';
import * as reference from 'dropout-wasm/reference';
import { quantile } from '../../src/backend/reference/gaussian.js';
import { digestOfAll, float16, type List, type Result, suite } from './suite.js';

export interface Report {
  backend: { name: string; reason?: string };
  digest: string;
  cases: number;
  float16: boolean;
  milliseconds: number;
  results: Result[];
}

export async function report(list: List): Promise<Report> {
  const started = Date.now();
  if (reference.backend().name !== 'reference') throw new Error('dropout-wasm/reference is not the reference');
  const results = await suite(pkg, reference, quantile, monteCarlo, list);
  return {
    backend: pkg.backend(),
    digest: digestOfAll(results),
    cases: results.reduce((sum, { cases }) => sum + cases, 0),
    float16: float16(pkg),
    milliseconds: Date.now() - started,
    results,
  };
}
