/** Charts by ECharts, which draws SVG without a browser. */
import { init } from 'echarts';
import { svg, WIDTH } from './svg.js';

const LINE = { lineStyle: { color: 'currentColor', opacity: 0.5 } };
const LABEL = { color: 'currentColor', fontSize: 12 };
/** As large as the other entries of the legend. */
const DASHES = 'path://M0 0h7v4h-7zM11 0h7v4h-7z';

/** Options of both axes. @param {string} name */
export function axis(name) {
  return {
    name,
    nameLocation: /** @type {const} */ ('middle'),
    nameTextStyle: LABEL,
    axisLine: LINE,
    axisTick: LINE,
    axisLabel: LABEL,
    splitLine: { lineStyle: { color: 'currentColor', opacity: 0.12 } },
  };
}

/**
 * The entries of the legend.
 *
 * @param {import('echarts').EChartsCoreOption} option
 */
function legendOf({ series }) {
  const all = /** @type {{ name: string, lineStyle?: { type?: string } }[]} */ (series);
  const icons = all.map(({ name, lineStyle }) => [name, lineStyle?.type === 'dashed' ? DASHES : 'rect']);
  return Object.entries(Object.fromEntries(icons)).map(([name, icon]) => ({ name, icon }));
}

/**
 * @param {import('./svg.js').Frame} frame
 * @param {import('echarts').EChartsCoreOption} option
 */
export function chart(frame, option) {
  const drawn = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: frame.height });
  drawn.setOption({
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: 52, right: 14, top: 34, bottom: 44 },
    // The item gap makes up for fonts that are wider than ECharts assumes.
    legend: { data: legendOf(option), textStyle: LABEL, itemWidth: 18, itemHeight: 4, itemGap: 28, top: 0 },
    ...option,
  });
  const content = drawn.renderToSVGString();
  drawn.dispose();
  // ECharts styles what a pointer is over. A picture in a page that forbids inline styles has no use for that.
  return svg(frame, content.replace(/^<svg[^>]*>|<style[\s\S]*<\/style>|<\/svg>$| class="[^"]*"/g, '').trim());
}
