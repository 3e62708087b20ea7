/** The chart of a point: the mean over the number of samples, with its standard error as a band. */
import { type Chart, countAxis, GRID_LINE, LABEL } from '../chart.js';
import { grouped, three } from '../text.js';
import type { PointStatistics } from './compute.js';

export function drawPoint(chart: Chart, track: readonly PointStatistics[]): void {
  const latest = track.at(-1)!;
  const line = (value: (at: PointStatistics) => number, style: object) => ({
    type: 'line',
    data: track.map((at) => [at.count, value(at)]),
    showSymbol: false,
    ...style,
  });
  const edge = { lineStyle: { color: 'var(--with)', width: 1, type: 'dashed' } };
  chart.draw(
    {
      grid: { left: 44, right: 16, top: 16, bottom: 40 },
      xAxis: countAxis('samples', latest.count),
      yAxis: { type: 'value', min: 0, max: 1, axisLabel: LABEL, splitLine: GRID_LINE },
      series: [
        line(({ mean }) => mean, { lineStyle: { color: 'var(--with)', width: 2 } }),
        line(({ mean, error }) => Math.max(0, mean - error), edge),
        line(({ mean, error }) => Math.min(1, mean + error), edge),
      ],
    },
    `Mean probability with its standard error: ${[track[0]!, latest].map(describe).join(', ')}`,
  );
}

const describe = ({ count, mean, error }: PointStatistics) =>
  `${three(mean)} ± ${three(error)} after ${grouped(count)} samples`;
