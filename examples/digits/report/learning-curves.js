/** Learning curves: accuracy and loss over epochs. */
import { AXIS_LINE, GRID_LINE, LABEL, percent, renderChart } from './chart.js';
import { meanAndStd } from './stats.js';

const SIZE = { width: 420, height: 290 };

/** @typedef {import('./chart.js').LineType} LineType */

/** @type {{ model: 'without' | 'with', set: 'train' | 'test', label: string, color: string, type: LineType }[]} */
export const CURVES = [
  {
    model: 'without',
    set: 'train',
    label: 'without dropout, training images',
    color: 'var(--without)',
    type: 'dashed',
  },
  { model: 'without', set: 'test', label: 'without dropout, test images', color: 'var(--without)', type: 'solid' },
  { model: 'with', set: 'train', label: 'with dropout, training images', color: 'var(--with)', type: 'dashed' },
  { model: 'with', set: 'test', label: 'with dropout, test images', color: 'var(--with)', type: 'solid' },
];

/**
 * Draws the mean over the seeds as a line and mean ± standard deviation as a band.
 *
 * @param {import('../train.js').Histories} histories
 * @param {'accuracy' | 'loss'} measure
 * @returns {string} an SVG element
 */
export function learningCurves(histories, measure) {
  const epochs = histories.with[0]?.length ?? 0;
  return renderChart(SIZE, {
    grid: { left: 56, right: 16, top: 20, bottom: 48 },
    xAxis: {
      name: 'epoch',
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: LABEL,
      type: 'category',
      boundaryGap: false,
      data: Array.from({ length: epochs }, (_, i) => i + 1),
      axisLine: AXIS_LINE,
      axisTick: AXIS_LINE,
      axisLabel: LABEL,
    },
    yAxis: {
      type: 'value',
      scale: measure === 'accuracy',
      max: measure === 'accuracy' ? 1 : undefined,
      axisLabel: { ...LABEL, formatter: measure === 'accuracy' ? percent : undefined },
      splitLine: GRID_LINE,
    },
    series: CURVES.flatMap(({ model, set, color, type }) => {
      const points = Array.from({ length: epochs }, (_, epoch) =>
        meanAndStd(histories[model].map((history) => history[epoch]?.[set][measure] ?? Number.NaN)),
      );
      return [...band(`${model} ${set}`, points, color), curve(points, color, type)];
    }),
  });
}

/** @typedef {{ mean: number, std: number }[]} Points one per epoch */

/** @param {Points} points @param {string} color @param {LineType} type */
function curve(points, color, type) {
  return /** @type {const} */ ({
    type: 'line',
    data: points.map(({ mean }) => mean),
    symbol: 'circle',
    symbolSize: 4,
    silent: true,
    itemStyle: { color },
    lineStyle: { color, type, width: 2 },
  });
}

/**
 * ECharts has no band series. An invisible line marks the lower edge, and an area stacked on it fills the band. A
 * single seed has no spread (std is NaN), so its band has zero width.
 *
 * @param {string} stack
 * @param {Points} points
 * @param {string} color
 */
function band(stack, points, color) {
  const edge = /** @type {const} */ ({
    type: 'line',
    stack,
    stackStrategy: 'all',
    symbol: 'none',
    silent: true,
    lineStyle: { opacity: 0 },
  });
  return [
    { ...edge, data: points.map(({ mean, std }) => mean - (std || 0)) },
    { ...edge, data: points.map(({ std }) => 2 * (std || 0)), areaStyle: { color, opacity: 0.18 } },
  ];
}
