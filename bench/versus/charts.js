/** The pictures of docs/benchmarks.md. ECharts draws them as SVG, without a browser. */
import { init } from 'echarts';
import { CORE } from '../core.js';
import { PEERS } from './peers.js';
import { fitLine, plainTitle, seriesOf } from './summary.js';

/** @typedef {import('./results.js').Results} Results */

const SIZE = { width: 680, height: 560 };
const FONT = 15;
/** Makes up for fonts that are wider than ECharts assumes. */
const GAP = 22;

/** Colors are those of the scheme that the reader prefers: an image does not inherit the colors of its page. */
const LIGHT = '#0550ae #57606a #1f883d #bc4c00 #8250df #cf222e #bf3989 #0a7b83 #9a6700 #6b4226 #000000'.split(' ');
const DARK = '#79c0ff #9aa4af #56d364 #ffa657 #d2a8ff #ff7b72 #ff9bce #56d4dd #e3b341 #c8a27c #ffffff'.split(' ');
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond'];

/** @param {string[]} colors */
const variables = (colors) => colors.map((color, i) => `--c${i}:${color}`).join(';');
const STYLE = `<style>
svg{--text:#1f2328;--back:#ffffff;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){svg{--text:#e6edf3;--back:#0d1117;${variables(DARK)}}}
</style>`;

const TEXT = { color: 'var(--text)', fontSize: FONT };
const LINE = { lineStyle: { color: 'var(--text)', opacity: 0.5 } };
const GRID = { show: true, lineStyle: { color: 'var(--text)', opacity: 0.12 } };

/**
 * Color and symbol of a peer, the same in all pictures.
 *
 * @param {string} name
 */
function lookOf(name) {
  // dropout-wasm is no peer: 0.
  const i = PEERS.findIndex((peer) => peer.name === name) + 1;
  return { color: `var(--c${i})`, symbol: SYMBOLS[i % SYMBOLS.length] };
}

/**
 * @param {'value' | 'log' | 'category'} type
 * @param {string} name
 */
function axis(type, name) {
  return {
    type,
    name,
    nameLocation: /** @type {const} */ ('middle'),
    nameTextStyle: TEXT,
    axisLine: { show: true, ...LINE },
    axisTick: LINE,
    axisLabel: { ...TEXT, hideOverlap: true },
    splitLine: GRID,
  };
}

/** 1K for 1,024. @param {number} n */
function short(n) {
  if (n >= 2 ** 20) return `${n / 2 ** 20}M`;
  return n >= 2 ** 10 ? `${n / 2 ** 10}K` : `${n}`;
}

/**
 * @param {string} title
 * @param {string} description for readers who do not see it
 * @param {import('echarts').EChartsCoreOption} option
 */
function draw(title, description, option) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: 'var(--back)',
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    title: { text: title, textStyle: { ...TEXT, fontSize: FONT + 1, fontWeight: 600 }, left: 12, top: 10 },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // ECharts styles what a pointer is over, which a picture has no use for. Its classes are numbered by the process.
  return `${svg
    .replace(/<style[\s\S]*?<\/style>| class="[^"]*"/g, '')
    .replace(/^<svg[^>]*>/, (tag) => `${tag}\n<title>${title}</title>\n<desc>${description}</desc>\n${STYLE}`)
    .trim()}\n`;
}

/**
 * A logarithmic axis with labels at these sizes. ECharts' own would have labels at a few powers of ten.
 *
 * @param {number[]} sizes powers of two
 */
function sizeAxis(sizes) {
  const step = sizes.length > 10 ? 2 : 1;
  const label = (/** @type {number} */ log) => (log % step === 0 && sizes.includes(2 ** log) ? short(2 ** log) : '');
  return {
    ...axis('value', 'n, elements'),
    min: Math.log2(Math.min(...sizes)),
    max: Math.log2(Math.max(...sizes)),
    interval: 1,
    nameGap: 30,
    axisLabel: { ...TEXT, formatter: label },
    axisTick: { show: false },
    splitLine: { show: false },
  };
}

/**
 * @param {Results} results
 * @param {import('./peers.js').Measure} measure
 */
function perElement(results, measure) {
  const series = seriesOf(results, measure, 0.5);
  const title = `${measure}, p = 0.5: ns per element`;
  const description = `Time per element over the number of elements, both axes logarithmic: ${series
    .map(({ title }) => plainTitle(title))
    .join('; ')}.`;
  return draw(title, description, {
    grid: { left: 72, right: 28, top: 50, bottom: 190 },
    legend: {
      data: series.map(({ title }) => plainTitle(title)),
      bottom: 8,
      left: 12,
      right: 12,
      textStyle: { ...TEXT, fontSize: FONT - 1 },
      itemGap: GAP,
    },
    xAxis: sizeAxis((series[0]?.points ?? []).map(({ n }) => n)),
    yAxis: { ...axis('log', 'ns per element'), nameGap: 52 },
    series: series.map(({ name, title, points }) => {
      const { color, symbol } = lookOf(name);
      return {
        name: plainTitle(title),
        type: 'line',
        data: points.map(({ n, ns }) => [Math.log2(n), ns]),
        symbol,
        symbolSize: 8,
        color,
        itemStyle: { color },
        lineStyle: { color, width: name === 'ours' ? 4 : 1.75 },
        z: name === 'ours' ? 3 : 2,
      };
    }),
  });
}

/** @param {Results} results */
function linear({ line }) {
  const { points } = fitLine(line);
  return draw(
    'Forward in an arena, p = 0.5: time of a call and the fitted line',
    'Time of a call over the number of elements, both axes logarithmic, with the fitted line.',
    {
      grid: { left: 82, right: 28, top: 50, bottom: 95 },
      legend: { data: ['measured', 'fitted'], bottom: 8, textStyle: TEXT, itemGap: GAP },
      xAxis: sizeAxis(points.map(({ n }) => n)),
      yAxis: { ...axis('log', 'µs per call'), nameGap: 60 },
      series: [
        {
          name: 'measured',
          type: 'scatter',
          data: points.map(({ n, ns }) => [Math.log2(n), ns / 1e3]),
          symbolSize: 10,
          itemStyle: { color: 'var(--c0)' },
        },
        {
          name: 'fitted',
          type: 'line',
          data: points.map(({ n, fitted }) => [Math.log2(n), fitted / 1e3]),
          symbol: 'none',
          itemStyle: { color: 'var(--c3)' },
          lineStyle: { color: 'var(--c3)', width: 2 },
        },
      ],
    },
  );
}

/** @param {Results} results */
function runtimes({ runtimes }) {
  const timed = runtimes.filter(({ results }) => results.length === CORE.length);
  const bars = CORE.filter(({ name }) => ['arena', 'array', 'mask', 'gaussian'].includes(name));
  return draw(
    '1,048,576 elements, p = 0.5: how many times faster than the loop',
    'Bars for each runtime: the time of the loop over that of dropout-wasm.',
    {
      grid: { left: 72, right: 28, top: 50, bottom: 150 },
      legend: {
        data: bars.map(({ title }) => title),
        bottom: 8,
        textStyle: { ...TEXT, fontSize: FONT - 1 },
        itemGap: GAP,
      },
      xAxis: {
        ...axis('category', ''),
        data: timed.map(({ name, version }) => `${name} ${version?.split('.')[0]}`),
        axisLabel: { ...TEXT, fontSize: FONT - 2, interval: 0, rotate: 35 },
        splitLine: { show: false },
      },
      yAxis: { ...axis('value', 'loop / dropout-wasm'), nameGap: 48 },
      series: bars.map(({ name, title }, i) => ({
        name: title,
        type: 'bar',
        data: timed.map(({ results }) => {
          const found = results.find((result) => result.name === name);
          return found && found.loop / found.ours;
        }),
        itemStyle: { color: `var(--c${[0, 2, 3, 4][i]})` },
      })),
    },
  );
}

/**
 * @param {Results} results
 * @returns {Record<string, string>} SVG by name
 */
export function pictures(results) {
  return {
    forward: perElement(results, 'forward'),
    'forward-backward': perElement(results, 'forward + backward'),
    mask: perElement(results, 'mask'),
    linear: linear(results),
    runtimes: runtimes(results),
  };
}
