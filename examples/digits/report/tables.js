/** The tables, as text for an 80-column terminal and as HTML for the report. */
import Table from 'cli-table3';
import { SHARES, score } from '../scores.js';
import { meanAndStd } from './stats.js';

/** @typedef {{ head: string[], rows: string[][] }} TableData the first column names the row */

/**
 * @param {import('./seed-experiment.js').SeedMeasurement[]} measurements
 * @returns {TableData}
 */
export function seedTable(measurements) {
  return {
    head: ['implementation', 'mean', 'std', 'same masks\neach run', 'new mask\neach call'],
    rows: measurements.map(({ name, mean, std, repeats, freshMasks }) => [
      name,
      mean.toFixed(4),
      std.toFixed(4),
      repeats ? 'yes' : 'no',
      freshMasks ? 'yes' : 'no',
    ]),
  };
}

/**
 * Scores after the last epoch. Differences are paired by seed: both models of a seed start from the same weights and
 * see the same batches.
 *
 * @param {import('../train.js').Histories} histories
 * @returns {TableData}
 */
export function resultsTable(histories) {
  const without = histories.without.map(finalScores);
  const withDropout = histories.with.map(finalScores);
  const difference = withDropout.map((scores, i) => scores.map((score, j) => score - (without[i]?.[j] ?? Number.NaN)));
  return {
    head: ['dropout', 'train\naccuracy %', 'test\naccuracy %', 'gap,\ntrain − test', 'test loss'],
    rows: [
      ['without', ...spreads(without)],
      ['with', ...spreads(withDropout)],
      ['difference', ...spreads(difference, true)],
    ],
  };
}

/**
 * Scores of the models with dropout, predicting with dropout off and by Monte-Carlo. Differences are paired by seed.
 *
 * @param {import('../predict.js').Predictions[]} predictions one for each seed
 * @param {Uint8Array} labels
 * @returns {TableData}
 */
export function uncertaintyTable(predictions, labels) {
  const off = predictions.map((prediction) => score(prediction.off, labels));
  const monteCarlo = predictions.map((prediction) => score(prediction.monteCarlo.mean, labels));

  /** @param {string} name @param {number} digits @param {(scores: import('../scores.js').Scores) => number} measure */
  const row = (name, digits, measure) => {
    const [before, after] = [off.map(measure), monteCarlo.map(measure)];
    const difference = after.map((value, i) => value - (before[i] ?? Number.NaN));
    return [name, spread(before, digits), spread(after, digits), spread(difference, digits, true)];
  };
  return {
    head: ['test images', 'dropout off', 'Monte-Carlo', 'difference'],
    rows: [
      ...SHARES.map((share, i) => {
        return row(`accuracy %, surest ${100 * share} %`, 2, ({ accuracies }) => 100 * (accuracies[i] ?? Number.NaN));
      }),
      row('mean confidence %', 2, ({ confidence }) => 100 * confidence),
      row('calibration error %', 2, ({ calibrationError }) => 100 * calibrationError),
      row('negative log-likelihood', 3, ({ negativeLogLikelihood }) => negativeLogLikelihood),
    ],
  };
}

/** @param {TableData} table */
export function toText({ head, rows }) {
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
  });
  table.push(...rows);
  return table.toString();
}

/** @param {TableData} table */
export function toHtml({ head, rows }) {
  const headCells = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  const bodyRows = rows.map(([name, ...cells]) => {
    // Lines break before ±, not after it.
    const bodyCells = cells.map((cell) => `<td>${cell.replace('± ', '±&nbsp;')}</td>`).join('');
    return `<tr><th scope="row">${name}</th>${bodyCells}</tr>`;
  });
  return `<table><thead><tr>${headCells}</tr></thead><tbody>${bodyRows.join('')}</tbody></table>`;
}

/**
 * @param {import('../train.js').History} history
 * @returns {number[]} accuracies and their gap in percent, then the test loss
 */
function finalScores(history) {
  const { train, test } = /** @type {import('../train.js').Epoch} */ (history.at(-1));
  return [100 * train.accuracy, 100 * test.accuracy, 100 * (train.accuracy - test.accuracy), test.loss];
}

/**
 * @param {number[][]} scores one row per seed
 * @param {boolean} [signed] whether to print the sign of a positive mean
 * @returns {string[]} one for each column
 */
function spreads(scores, signed = false) {
  const lossColumn = 3;
  return [0, 1, 2, lossColumn].map((column) => {
    const values = scores.map((row) => row[column] ?? Number.NaN);
    return spread(values, column === lossColumn ? 3 : 2, signed);
  });
}

/**
 * @param {number[]} values one per seed
 * @param {number} digits after the decimal point
 * @param {boolean} [signed] whether to print the sign of a positive mean
 * @returns {string} mean ± standard deviation, or the mean alone for a single seed
 */
function spread(values, digits, signed = false) {
  const { mean, std } = meanAndStd(values);
  const sign = mean < 0 ? '−' : signed ? '+' : '';
  const deviation = values.length > 1 ? ` ± ${std.toFixed(digits)}` : '';
  return `${sign}${Math.abs(mean).toFixed(digits)}${deviation}`;
}
