/** The reliability plot: accuracy over confidence. */
import { calibrate } from '../scores.js';
import { AXIS_LINE, GRID_LINE, LABEL, percent, renderChart } from './chart.js';

const SIZE = { width: 400, height: 380 };

/** The diameter of the dot of a bin with all digits, in pixels. */
const LARGEST_DOT = 32;
const SMALLEST_DOT = 4;

/** @type {{ prediction: 'off' | 'monteCarlo', label: string, color: string, type: import('./chart.js').LineType }[]} */
export const RELIABILITY_CURVES = [
  { prediction: 'off', label: 'dropout off', color: 'var(--off)', type: 'dashed' },
  { prediction: 'monteCarlo', label: 'Monte-Carlo', color: 'var(--sampled)', type: 'solid' },
];

/**
 * Draws a curve for each way to predict, with a dot for each bin of confidences, and the diagonal of calibrated
 * predictions.
 *
 * @param {import('../predict.js').Predictions} predictions
 * @param {Uint8Array} labels
 * @returns {string} an SVG element
 */
export function reliabilityPlot({ off, monteCarlo }, labels) {
  const probabilities = { off, monteCarlo: monteCarlo.mean };
  const axis = /** @type {const} */ ({
    type: 'value',
    min: 0,
    max: 1,
    interval: 0.2,
    nameLocation: 'middle',
    nameTextStyle: LABEL,
    axisLine: AXIS_LINE,
    axisTick: AXIS_LINE,
    axisLabel: { ...LABEL, formatter: percent },
    splitLine: GRID_LINE,
  });
  return renderChart(SIZE, {
    grid: { left: 72, right: 26, top: 20, bottom: 52 },
    xAxis: { ...axis, name: 'confidence', nameGap: 32 },
    yAxis: { ...axis, name: 'accuracy', nameGap: 52 },
    series: [
      diagonal(),
      ...RELIABILITY_CURVES.map(({ prediction, color, type }) => {
        const { bins } = calibrate(probabilities[prediction], labels);
        return curve(bins, labels.length, color, type);
      }),
    ],
  });
}

function diagonal() {
  return /** @type {const} */ ({
    type: 'line',
    data: [
      [0, 0],
      [1, 1],
    ],
    symbol: 'none',
    silent: true,
    lineStyle: { color: 'currentColor', opacity: 0.4, width: 1 },
  });
}

/**
 * The area of a dot grows with the number of digits in its bin.
 *
 * @param {import('dropout-wasm/monte-carlo').CalibrationBin[]} bins
 * @param {number} total number of digits
 * @param {string} color
 * @param {import('./chart.js').LineType} type
 */
function curve(bins, total, color, type) {
  const filled = bins.filter(({ count }) => count > 0);
  return /** @type {const} */ ({
    type: 'line',
    data: filled.map(({ confidence, accuracy, count }) => ({
      value: [confidence, accuracy],
      symbolSize: Math.max(SMALLEST_DOT, LARGEST_DOT * Math.sqrt(count / total)),
    })),
    symbol: 'circle',
    silent: true,
    itemStyle: { color, opacity: 0.75 },
    lineStyle: { color, type, width: 2 },
  });
}
