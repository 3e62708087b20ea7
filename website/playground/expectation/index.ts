/** "The expectation stays": many masks on one array, beside theory. */
import { AXIS_LINE, type Chart, createChart, GRID_LINE, LABEL } from '../chart.js';
import { fields, type State } from '../fields.js';
import { inSlices, View } from '../pace.js';
import { find, nextFrame, type Section } from '../section.js';
import { factor, four, grouped } from '../text.js';
import { code } from './code.js';
import { type Bins, histogram } from './histogram.js';
import {
  type Comparison,
  compareElements,
  compareMeans,
  compareWays,
  type Measurement,
  measure,
  type Settings,
} from './measure.js';

export const expectation: Section = {
  name: 'expectation',
  code: (state) => code(settingsOf(state), state.get('maskCount')),
  start(root, state) {
    const elementsChart = createChart(find(root, '#expectation-elements'));
    const meansChart = createChart(find(root, '#expectation-means'));
    let latest: Measurement | undefined;
    const draw = inSlices(
      root,
      () => measure(settingsOf(state), state.get('maskCount'), latest),
      (measurement) => {
        latest = measurement;
        showElements(elementsChart, measurement);
        showMeans(meansChart, measurement);
        showNumbers(root, measurement);
      },
    );
    state.watch(['seed', 'p', 'values', 'elements', 'maskCount'], draw);
    startButtons(root, state);
    draw();
  },
};

const settingsOf = (state: State): Settings => ({
  seed: state.get('seed'),
  p: state.get('p'),
  x: state.get('values'),
  elements: Number(state.get('elements')),
});

function startButtons(root: HTMLElement, state: State): void {
  const next = find<HTMLButtonElement>(root, '#expectation-next');
  const run = find<HTMLButtonElement>(root, '#expectation-run');
  const most = fields.maskCount.max!;
  let isRunning = false;
  const view = new View([root]);

  const drawNext = () => state.set('maskCount', Math.min(state.get('maskCount') + 1, most));
  const show = () => {
    isRunning &&= state.get('maskCount') < most;
    next.disabled = run.disabled = state.get('maskCount') >= most;
    run.textContent = isRunning ? 'Stop' : 'Keep drawing';
  };
  next.addEventListener('click', drawNext);
  run.addEventListener('click', async () => {
    isRunning = !isRunning;
    show();
    while (isRunning) {
      await nextFrame();
      if (isRunning && !view.isEmpty) drawNext();
    }
  });
  state.watch(['maskCount'], show);
  show();
}

function showElements(chart: Chart, measurement: Measurement): void {
  const { p, x } = measurement.settings;
  const scale = 1 / (1 - p);
  // Wide enough for x from −1 to 3, four standard deviations of the normals.
  const bins = { center: 0, width: scale / 24, ...(x === 'ones' ? { first: -4, last: 28 } : { first: -24, last: 72 }) };
  const comparison = compareElements(measurement);
  const { mean, std } = comparison.measured;
  const shares = histogram(measurement.y, bins);
  chart.draw(
    histogramOption(bins, shares, comparison),
    `Histogram of the elements of the latest result. ${percent(shareAt(shares, 0))} are 0` +
      `${x === 'ones' ? ` and ${percent(shareAt(shares, scale))} are ${factor(scale)}` : ''}. ` +
      `Mean ${four(mean)}, standard deviation ${four(std)}.`,
  );
}

function showMeans(chart: Chart, measurement: Measurement): void {
  const { means } = measurement;
  const comparison = compareMeans(measurement);
  const { theory, measured } = comparison;
  const bins = { center: theory.mean, width: theory.std / 3, first: -12, last: 12 };
  const shares = histogram(
    means.kept!.map(([mean]) => mean!),
    bins,
  );
  const density = (x: number) =>
    (bins.width / theory.std / Math.sqrt(2 * Math.PI)) * Math.exp((-1 / 2) * ((x - theory.mean) / theory.std) ** 2);
  const option = histogramOption(bins, shares, comparison);
  const curve = shares.map(([x]) => [x, density(x)]);
  option.series.push({ ...LINE, smooth: true, data: curve, lineStyle: { color: 'var(--soft)', width: 2 } });
  chart.draw(
    option,
    `Histogram of the mean of a result over ${grouped(means.count)} masks. Mean ${four(measured.mean)}, standard deviation ` +
      `${four(measured.std)}; in theory ${four(theory.mean)} and ${four(theory.std)}.`,
  );
}

const LINE = { type: 'line' as const, symbol: 'none', silent: true };

/** A histogram with lines at mean − σ, mean and mean + σ: solid as measured, dashed in theory. */
function histogramOption(bins: Bins, shares: [number, number][], { measured, theory }: Comparison) {
  const lines = [
    { ...measured, lineStyle: { color: 'var(--without)', type: 'solid', width: 2 }, label: LABEL },
    { ...theory, lineStyle: { color: 'var(--ink)', type: 'dashed', width: 2 }, label: { show: false } },
  ];
  const marks = lines.flatMap(({ mean, std, ...look }) => [
    { xAxis: mean - std, name: '− σ', ...look },
    { xAxis: mean, name: 'mean', ...look },
    { xAxis: mean + std, name: '+ σ', ...look },
  ]);
  const bars: object = {
    ...LINE,
    step: 'middle',
    data: shares,
    lineStyle: { width: 1, color: 'var(--with)' },
    areaStyle: { color: 'var(--with)', opacity: 0.35 },
    markLine: { symbol: 'none', precision: 10, silent: true, label: { formatter: '{b}' }, data: marks },
  };
  return {
    grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true },
    xAxis: {
      type: 'value',
      min: bins.center + (bins.first - 0.5) * bins.width,
      max: bins.center + (bins.last + 0.5) * bins.width,
      axisLabel: {
        ...LABEL,
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (x: number) => x.toLocaleString('en', { maximumSignificantDigits: 4 }),
      },
      axisLine: AXIS_LINE,
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      axisLabel: { ...LABEL, formatter: percent },
      axisLine: { onZero: false },
      splitLine: GRID_LINE,
    },
    series: [bars],
  };
}

function showNumbers(root: HTMLElement, measurement: Measurement): void {
  const rows = { elements: compareElements(measurement), means: compareMeans(measurement) };
  for (const [name, { measured, theory }] of Object.entries(rows)) {
    writeNumber(root, `${name}-mean`, measured.mean);
    writeNumber(root, `${name}-mean-theory`, theory.mean);
    writeNumber(root, `${name}-std`, measured.std);
    writeNumber(root, `${name}-std-theory`, theory.std);
  }
  const { p } = measurement.settings;
  for (const { name, training, evaluation } of compareWays(measurement)) {
    writeNumber(root, `${name}-training`, training);
    writeNumber(root, `${name}-evaluation`, evaluation);
    writeNumber(root, `${name}-ratio`, evaluation / training);
  }
  writeNumber(root, 'scale', 1 / (1 - p), factor);
  writeNumber(root, 'keep', 1 - p, factor);
}

function writeNumber(root: HTMLElement, name: string, value: number, format = four): void {
  for (const cell of root.querySelectorAll(`[data-number="${name}"]`)) cell.textContent = format(value);
}

const percent = (share: number) => `${+(100 * share).toFixed(1)} %`;

/** The share of the bin whose center is closest. */
function shareAt(shares: [number, number][], x: number): number {
  return shares.reduce((best, bin) => (Math.abs(bin[0] - x) < Math.abs(best[0] - x) ? bin : best))[1];
}
