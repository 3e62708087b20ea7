/** The experiment on ones(1000, 100) for many seeds: a histogram of the means, and the normal curve of the theory. */
import { Dropout } from 'dropout-wasm';
import { axis, chart } from './drawing/chart.js';

const P = 0.5;
const ELEMENTS = 1000 * 100;
const SEEDS = 1000;
const WIDTH = 0.001;
const HALF = 12;

export default async () => {
  const x = new Float32Array(ELEMENTS).fill(1);
  const y = new Float32Array(ELEMENTS);
  const means = Array.from({ length: SEEDS }, (_, seed) => {
    let sum = 0;
    new Dropout(P, { seed }).forward(x, y);
    for (let i = 0; i < ELEMENTS; i++) sum += Number(y[i]);
    return sum / ELEMENTS;
  });
  const std = Math.sqrt(P / (1 - P) / ELEMENTS);
  const bins = Array.from({ length: 2 * HALF + 1 }, (_, i) => 1 + (i - HALF) * WIDTH);
  const counts = bins.map((middle) => means.filter((mean) => Math.abs(mean - middle) < WIDTH / 2).length);
  const curve = Array.from({ length: 121 }, (_, i) => {
    const z = (i - 60) / 15;
    const density = Math.exp((-z * z) / 2) / (std * Math.sqrt(2 * Math.PI));
    return [1 + z * std, SEEDS * WIDTH * density];
  });
  const mean = means.reduce((a, b) => a + b) / SEEDS;
  const spread = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (SEEDS - 1));
  return chart(
    {
      title: 'Means of ones(1000, 100) after dropout',
      description: `The means of ${SEEDS} seeds at p = ${P} have the mean ${mean.toFixed(5)} and the standard deviation
${spread.toFixed(5)}. The theory gives 1 and ${std.toFixed(5)}.`,
      height: 270,
    },
    {
      xAxis: { ...axis('mean of the 100,000 outputs'), nameGap: 28, min: 0.988, max: 1.012, interval: 0.004 },
      yAxis: { ...axis('seeds'), nameGap: 36 },
      series: [
        {
          name: `${SEEDS} seeds`,
          type: 'bar',
          barWidth: 11,
          color: 'var(--kept)',
          data: bins.map((middle, i) => [middle, counts[i]]),
        },
        {
          name: `normal, σ = ${std.toFixed(5)}`,
          type: 'line',
          symbol: 'none',
          color: 'var(--without)',
          lineStyle: { width: 2 },
          data: curve,
        },
      ],
    },
  );
};
