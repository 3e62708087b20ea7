/** "The same bits on your device": the digest of the standard stream, on a GPU too, what runs here, and how fast. */
import { backend } from 'dropout-wasm';
import { copy } from '../copy.js';
import { inSlices } from '../pace.js';
import { find, type Section } from '../section.js';
import { grouped, significant } from '../text.js';
import { code } from './code.js';
import { facts } from './facts.js';
import { answerOf, digestOfAll, digests, expectedDigest, vectors } from './stream.js';
import { type Time, timeLoop, timeThreads } from './timing.js';

export const bits: Section = {
  name: 'bits',
  code,
  start(root) {
    startDigest(root);
    startGpu(find(root, '#bits-gpu'));
    for (const [name, value] of facts()) addRow(find(root, '#bits-facts'), [name, value]);
    startTimes(root);
  },
};

function startDigest(root: HTMLElement): void {
  const here = find(root, '#bits-here');
  find(root, '#bits-expected').textContent = expectedDigest;
  const compute = inSlices(root, digests, (all) => {
    if (all.length < vectors.length) {
      here.textContent = `${all.length} of ${vectors.length} masks`;
      return;
    }
    const digest = digestOfAll(all);
    here.textContent = digest;
    find(root, '#bits-answer').textContent = answerOf(all);
    find(root, '#bits-sentence').textContent =
      `On this device (${backend().name}) the digest of dropout-wasm’s mask stream is ${digest}.`;
  });
  compute();
  const button = find<HTMLButtonElement>(root, '#bits-copy');
  button.addEventListener('click', () => copy(find(root, '#bits-sentence').textContent ?? '', button));
}

async function startGpu(line: HTMLElement): Promise<void> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (!adapter) {
    line.textContent = 'This browser offers no WebGPU here, so no GPU draws the masks.';
    return;
  }
  const { vendor, architecture, device, description } = adapter.info;
  const name = description || [vendor, architecture, device].filter(Boolean).join(' ') || 'not named';
  const answer = import('./gpu.js')
    .then(({ gpuDigests }) => gpuDigests(adapter))
    .then(answerOf, (error: Error) => `it failed: ${error.message}`);
  line.textContent = `On the GPU (${name}): ${await answer}`;
}

function startTimes(root: HTMLElement): void {
  const button = find<HTMLButtonElement>(root, '#bits-measure');
  const table = find(root, '#bits-times');
  const note = find(root, '#bits-threads');
  const run = async () => {
    button.disabled = true;
    table.replaceChildren();
    addTimes(table, await timeLoop());
    try {
      addTimes(table, await timeThreads());
    } catch (error) {
      note.textContent = `Two threads do not run here: ${(error as Error).message}.`;
    }
    button.disabled = false;
  };
  button.addEventListener('click', run);
  // The digest is computed when the section is near. Times are measured when they are seen.
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    run();
  });
  seen.observe(table.closest('table')!);
}

/** Adds a row for each time. The first is what the others are compared with. */
function addTimes(table: HTMLElement, times: Time[]): void {
  for (const { name, elements, ns } of times) {
    const speedup = `${significant(times[0]!.ns / ns, 2)} ×`;
    addRow(table, [name, grouped(elements), significant(ns, 3), speedup]);
  }
}

function addRow(table: HTMLElement, [name, ...values]: string[]): void {
  const row = document.createElement('tr');
  const header = Object.assign(document.createElement('th'), { scope: 'row', textContent: name });
  row.append(header, ...values.map((value) => Object.assign(document.createElement('td'), { textContent: value })));
  table.append(row);
}
