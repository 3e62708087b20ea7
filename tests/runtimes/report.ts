/** The suite as it runs inside a runtime: on the built package, by its own name. */
import * as make from 'dropout-wasm';
import * as reference from 'dropout-wasm/reference';
import noise from '../../docs/normal-noise-v1.json' with { type: 'json' };
import { quantile } from '../../src/backend/reference/gaussian.js';
import stream from '../vectors/mask-stream-v1.json' with { type: 'json' };
import { digestOfAll, float16, type Result, suite } from './suite.js';

export interface Report {
  backend: { name: string; reason?: string };
  digest: string;
  cases: number;
  float16: boolean;
  milliseconds: number;
  results: Result[];
}

export async function report(): Promise<Report> {
  const started = Date.now();
  const backends = [make, reference].map(({ backend }) => backend().name);
  if (backends[1] !== 'reference') throw new Error('there is nothing to compare with');
  const results = await suite(make, reference, { stream, noise, quantile });
  return {
    backend: make.backend(),
    digest: digestOfAll(results),
    cases: results.reduce((sum, { cases }) => sum + cases, 0),
    float16: float16(make),
    milliseconds: Date.now() - started,
    results,
  };
}
