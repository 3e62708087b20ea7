/** The chart of class probabilities. */
import { AXIS_LINE, type Chart, GRID_LINE, LABEL } from '../chart.js';

export interface Answer {
  mean: Float64Array;
  std: Float64Array;
  off: readonly number[];
}

export function draw(chart: Chart, { mean, std, off }: Answer): void {
  const bars = Array.from(mean, (value, digit) => ({ digit, value, std: std[digit]!, off: off[digit]! }));
  chart.draw(
    {
      grid: { left: 8, right: 8, top: 28, bottom: 8, containLabel: true },
      xAxis: {
        type: 'category',
        data: bars.map(({ digit }) => `${digit}`),
        axisLabel: { ...LABEL, color: 'var(--ink)' },
        axisLine: AXIS_LINE,
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        name: 'probability',
        nameTextStyle: { ...LABEL, align: 'left' },
        min: 0,
        max: 1,
        axisLabel: LABEL,
        splitLine: GRID_LINE,
      },
      series: [
        {
          type: 'bar',
          silent: true,
          data: [...mean],
          barWidth: '60%',
          itemStyle: { color: 'var(--with)' },
          markLine: {
            silent: true,
            animation: false,
            symbol: ['none', 'none'],
            label: { show: false },
            lineStyle: { color: 'var(--ink)', type: 'solid', width: 2 },
            data: bars.map(({ digit, value, std }) => [
              { coord: [digit, Math.max(value - std, 0)] },
              { coord: [digit, Math.min(value + std, 1)] },
            ]),
          },
        },
        {
          type: 'scatter',
          silent: true,
          data: [...off],
          symbol: 'diamond',
          symbolSize: 11,
          itemStyle: { color: 'var(--without)', borderColor: 'var(--page)', borderWidth: 1 },
          z: 5,
        },
      ],
    },
    `Probabilities, mean ± standard deviation, and with dropout off. ${bars
      .map((bar) => `${bar.digit}: ${bar.value.toFixed(2)} ± ${bar.std.toFixed(2)}, off ${bar.off.toFixed(2)}`)
      .join('. ')}.`,
  );
}
