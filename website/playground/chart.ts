/** Charts of the page, by ECharts as SVG. Colors are variables of style.css, so charts follow the scheme. */
import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineChart, BarChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, AriaComponent, SVGRenderer]);

export const AXIS_LINE = { lineStyle: { color: 'var(--soft)' } };
export const GRID_LINE = { lineStyle: { color: 'var(--rule)' } };
export const LABEL = { color: 'var(--soft)', fontSize: 12 };

/** A horizontal axis of a count, from 0, with its name below. */
export const countAxis = (name: string, max: number | 'dataMax') => ({
  type: 'value' as const,
  name,
  nameLocation: 'middle' as const,
  nameGap: 26,
  nameTextStyle: LABEL,
  max,
  axisLine: AXIS_LINE,
  axisLabel: LABEL,
  splitLine: { show: false },
});

export interface Chart {
  /** @param description for screen readers: what the chart shows now */
  draw(option: EChartsCoreOption, description: string): void;
}

/** A chart that fills its element, which needs a height. */
export function createChart(element: HTMLElement): Chart {
  const chart = init(element, null, { renderer: 'svg' });
  new ResizeObserver(() => chart.resize()).observe(element);
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', 'Not computed yet');
  return {
    draw(option, description) {
      chart.setOption({ animation: false, textStyle: { fontFamily: 'system-ui, sans-serif' }, ...option });
      element.setAttribute('aria-label', description);
    },
  };
}
