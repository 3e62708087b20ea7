/**
 * Weight scaling against the mean of samples: the digit classifier of examples/digits, in evaluation mode and as the
 * mean of the first n sub-networks.
 */
import { readFileSync } from 'node:fs';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { createClassifier, weightsFromBytes } from '../../examples/digits/classifier.js';
import { CLASSES, loadDigits, PIXELS } from '../../examples/digits/data.js';
import { axis, chart } from './drawing/chart.js';

const IMAGES = 250;
const SAMPLES = 50;

const { images, labels } = loadDigits().test;
const weights = weightsFromBytes(readFileSync(new URL('../../examples/digits/weights.bin', import.meta.url)));

/** The percentage of images whose most probable class is their label. @param {Float64Array | Float32Array} rows */
function accuracy(rows) {
  const right = labels.subarray(0, IMAGES).filter((label, i) => {
    const row = rows.subarray(i * CLASSES, (i + 1) * CLASSES);
    return row[label] === Math.max(...row);
  });
  return (100 * right.length) / IMAGES;
}

export default async () => {
  const { predict, layers, kind } = createClassifier(weights, images.subarray(0, IMAGES * PIXELS));
  const evaluation = accuracy(predict().data);
  const { kept = [] } = await monteCarlo(predict, { samples: SAMPLES, layers, seed: 1, kind, keep: true });
  const sum = new Float64Array(IMAGES * CLASSES);
  const means = kept.map((probabilities) => {
    for (let i = 0; i < sum.length; i++) sum[i] = Number(sum[i]) + Number(probabilities[i]);
    return accuracy(sum);
  });
  const single = kept.map((probabilities) => accuracy(probabilities));
  const average = single.reduce((a, b) => a + b) / SAMPLES;
  /** @param {number} value */
  const line = (value) => [
    [1, value],
    [SAMPLES, value],
  ];
  const style = { type: 'line', symbol: 'none' };
  return chart(
    {
      title: 'Test accuracy of sub-networks, of their mean, and of evaluation mode',
      description: `On ${IMAGES} test digits, one sub-network is right on ${average.toFixed(1)} % on average, the mean
of ${SAMPLES} on ${means.at(-1)?.toFixed(1)} %, and evaluation mode on ${evaluation.toFixed(1)} %.`,
      height: 290,
    },
    {
      xAxis: { ...axis('sub-networks n'), nameGap: 28, type: 'log', min: 1, max: SAMPLES },
      yAxis: { ...axis('test accuracy %'), nameGap: 32, scale: true },
      series: [
        {
          ...style,
          name: 'mean of n',
          color: 'var(--kept)',
          lineStyle: { width: 2 },
          data: means.map((v, i) => [i + 1, v]),
        },
        {
          ...style,
          name: 'evaluation',
          color: 'var(--without)',
          lineStyle: { width: 2, type: 'dashed' },
          data: line(evaluation),
        },
        {
          name: 'one sub-network',
          type: 'scatter',
          symbolSize: 4,
          color: 'var(--soft)',
          data: single.map((v, i) => [i + 1, v]),
        },
      ],
    },
  );
};
