/** Style and rendering of all charts. ECharts renders them as SVG, without a browser. */
import { init } from 'echarts';

// Colors are CSS variables of the report page, so the charts follow its light and dark scheme.
export const AXIS_LINE = { lineStyle: { color: 'currentColor', opacity: 0.5 } };
export const GRID_LINE = { lineStyle: { color: 'currentColor', opacity: 0.12 } };
export const LABEL = { color: 'currentColor', fontSize: 13 };

/** @typedef {'solid' | 'dashed'} LineType a line style of both ECharts and CSS borders */

/**
 * @param {{ width: number, height: number }} size
 * @param {import('echarts').EChartsCoreOption} option
 * @returns {string} an SVG element
 */
export function renderChart(size, option) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption({ animation: false, textStyle: { fontFamily: 'system-ui, sans-serif' }, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** @param {number} fraction */
export function percent(fraction) {
  return `${Math.round(100 * fraction)} %`;
}
