/** The Monte-Carlo run on Web Workers. serve.js bundles this file. */
import { drawMap, drawScale, ORANGE_TO_BLUE, WHITE_TO_PURPLE } from './page-maps.js';
import { runOnWorkers } from './pool.js';
import { COLUMNS, digestOf, seconds, short, tableOf } from './report.js';

/** The mutual information, in nats, from which on a point has the last color. */
const MAX_INFORMATION = 0.5;

/**
 * @template {typeof Element} T
 * @param {string} selector
 * @param {T} type
 */
function find(selector, type) {
  const element = document.querySelector(selector);
  if (element instanceof type) return /** @type {InstanceType<T>} */ (element);
  throw new Error(`the page has no ${selector}`);
}

const form = find('form', HTMLFormElement);
const stop = find('[name=stop]', HTMLButtonElement);
const progress = find('progress', HTMLProgressElement);
const status = find('#status', HTMLOutputElement);
const runs = find('#runs tbody', HTMLTableSectionElement);
const inputs = find('#inputs tbody', HTMLTableSectionElement);
const probability = find('#probability', HTMLCanvasElement);
const information = find('#information', HTMLCanvasElement);

/** @param {string} workers */
async function run(workers) {
  const fields = new FormData(form);
  const samples = Number(fields.get('samples'));
  const seed = Number(fields.get('seed'));
  const controller = new AbortController();
  stop.onclick = () => controller.abort(new Error('Stopped.'));
  setBusy(true);
  status.textContent = 'Starting …';
  progress.value = 0;
  const started = performance.now();
  try {
    const result = await runOnWorkers('worker.js', {
      workers: Number(workers),
      samples,
      seed,
      signal: controller.signal,
      onRange(partial) {
        progress.value = partial.count / samples;
        status.textContent = `${partial.count} of ${samples} samples`;
        show(partial);
      },
    });
    const time = seconds(performance.now() - started);
    const digest = short(await digestOf(result));
    runs.prepend(rowOf([workers, time, digest]));
    status.textContent = `${samples} samples in ${time}`;
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
  }
  setBusy(false);
}

/** @param {boolean} isBusy */
function setBusy(isBusy) {
  for (const button of form.querySelectorAll('button')) button.disabled = isBusy;
  stop.disabled = !isBusy;
}

/** Draws the maps and the table. @param {import('./pool.js').Result} result */
function show(result) {
  const { mean, mutualInformation } = result;
  drawMap(probability, (point) => Number(mean[2 * point]), ORANGE_TO_BLUE);
  drawMap(information, (point) => Number(mutualInformation[point]) / MAX_INFORMATION, WHITE_TO_PURPLE);
  inputs.replaceChildren(...tableOf(result).map((cells) => rowOf(cells)));
}

/** A row of a table, whose first cell names it. @param {string[]} cells */
function rowOf([name = '', ...cells]) {
  const row = document.createElement('tr');
  const heading = document.createElement('th');
  heading.scope = 'row';
  heading.textContent = name;
  row.append(heading);
  for (const cell of cells) row.insertCell().textContent = cell;
  return row;
}

for (const [i, heading] of find('#inputs thead', HTMLTableSectionElement).querySelectorAll('th').entries())
  heading.textContent = COLUMNS[i] ?? '';
drawMap(probability, () => 0.5, ORANGE_TO_BLUE);
drawMap(information, () => 0, WHITE_TO_PURPLE);
drawScale(find('#probability ~ .scale canvas', HTMLCanvasElement), ORANGE_TO_BLUE);
drawScale(find('#information ~ .scale canvas', HTMLCanvasElement), WHITE_TO_PURPLE);

// Rows with another seed or number of samples would have another digest.
form.addEventListener('input', () => runs.replaceChildren());
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (event.submitter instanceof HTMLButtonElement) run(event.submitter.value);
});
