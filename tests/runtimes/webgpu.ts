/** Runs the checks of dropout-wasm/webgpu inside a runtime, on the built package, imported by its name. */
import * as arrays from 'dropout-wasm';
import * as entry from 'dropout-wasm/webgpu';
import { Digest } from '../support/digest.js';
import type { Setting } from '../webgpu/setting.js';
import { CHECKS, type Extent } from '../webgpu/suite.js';
import { Recorder } from './recorder.js';

export interface GpuReport {
  adapter: string;
  cases: number;
  digest: string;
  milliseconds: number;
  /** Of checks that failed, and of the device. */
  errors: string[];
}

export async function webgpu(extent: Extent): Promise<GpuReport> {
  const started = Date.now();
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error('no WebGPU adapter');
  // An adapter gives one device.
  const newDevice = async () => (await navigator.gpu.requestAdapter())!.requestDevice();
  const device = await adapter.requestDevice();
  const errors: string[] = [];
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  const setting: Setting = { device, gpu: entry.create(device), entry, arrays, newDevice };
  const digest = new Digest();
  let cases = 0;
  for (const [name, run] of CHECKS) {
    const recorder = new Recorder();
    await Promise.resolve(run(setting, recorder, extent)).catch((error) => errors.push(`${name}: ${error}`));
    cases += recorder.cases.length;
    digest.add(new TextEncoder().encode(`${name} ${recorder.digest}\n`));
  }
  // Errors of the device arrive late.
  await device.queue.onSubmittedWorkDone();
  const { vendor, architecture, device: name, description } = adapter.info;
  return {
    adapter: description || [vendor, architecture, name].filter(Boolean).join(' ') || 'not named',
    cases,
    digest: `${digest}`,
    milliseconds: Date.now() - started,
    errors,
  };
}
