/** The running mean of the outputs for the input 1, for a few elements, and the theory's standard deviation of it. */
import { Dropout } from 'dropout-wasm';
import { axis, chart } from './drawing/chart.js';

const P = 0.5;
const ELEMENTS = 6;
const FORWARDS = 1000;

export default async () => {
  const layer = new Dropout(P, { seed: 42 });
  const x = new Float32Array(ELEMENTS).fill(1);
  const sums = new Float64Array(ELEMENTS);
  const means = Array.from({ length: FORWARDS }, (_, i) => {
    layer.forward(x).forEach((y, element) => {
      sums[element] = y + Number(sums[element]);
    });
    return Array.from(sums, (sum) => sum / (i + 1));
  });
  /** @param {number} sign */
  const edge = (sign) => means.map((_, i) => [i + 1, 1 + sign * Math.sqrt(P / (1 - P) / (i + 1))]);
  const last = Array.from(means.at(-1) ?? [], (mean) => mean.toFixed(3)).join(', ');
  return chart(
    {
      title: 'The mean of many forwards approaches the input',
      description: `Running means of ${ELEMENTS} elements with input 1 at p = ${P}. After ${FORWARDS} forwards they are
${last}.`,
      height: 270,
    },
    {
      xAxis: { ...axis('forwards'), nameGap: 28, type: 'log', min: 1, max: FORWARDS },
      yAxis: { ...axis('mean of y, for x = 1'), nameGap: 32, min: 0, max: 2 },
      series: [
        ...Array.from({ length: ELEMENTS }, (_, element) => ({
          name: `${ELEMENTS} elements`,
          type: 'line',
          symbol: 'none',
          color: 'var(--kept)',
          lineStyle: { width: 1.2, opacity: 0.8 },
          data: means.map((mean, i) => [i + 1, mean[element]]),
        })),
        ...[-1, 1].map((sign) => ({
          name: '1 ± standard deviation',
          type: 'line',
          symbol: 'none',
          color: 'var(--without)',
          lineStyle: { width: 2, type: 'dashed' },
          data: edge(sign),
        })),
      ],
    },
  );
};
