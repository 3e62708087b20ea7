/** "Draw a digit": what a network reads in a drawing, in many samples and with dropout off. */
import { weightsFromBytes } from '../../../examples/digits/classifier.js';
import { createChart } from '../chart.js';
import type { State } from '../fields.js';
import { inSlices } from '../pace.js';
import { everyFrame, find, onScheme, type Section } from '../section.js';
import { three } from '../text.js';
import { draw } from './chart.js';
import { code } from './code.js';
import examples from './examples.json' with { type: 'json' };
import { centered, decode, encode } from './image.js';
import { Pad } from './pad.js';
import { createPicture, paint } from './picture.js';
import { best, evaluate, sample } from './predict.js';

export const digits: Section = {
  name: 'digits',
  code: (state) => code({ ...optionsOf(state), drawing: state.get('drawing') }),
  async start(root, state) {
    startPad(root, state);
    startExamples(root, state);
    // Loaded when the section is near: it has 400 KB.
    const { default: file } = await import('../../../examples/digits/weights.bin');
    startAnswer(root, state, weightsFromBytes(file));
  },
};

const optionsOf = (state: State) => ({ seed: state.get('seed'), samples: state.get('digitSamples') });

const pixelsOf = (text: string) => decode(text)!;

function startPad(root: HTMLElement, state: State): void {
  const canvas = find<HTMLCanvasElement>(root, '#digits-pad');
  const seen = find<HTMLCanvasElement>(root, '#digits-seen');
  const status = find(root, '#digits-pen');
  /** What the pad shows, centered. Its own strokes stay where they were drawn. */
  let shown: string | undefined;
  const keep = everyFrame(() => {
    shown = encode(centered(pad.read()));
    state.set('drawing', shown);
  });
  const pad = new Pad(canvas, keep, (text) => {
    status.textContent = text;
  });
  const show = () => {
    const drawing = state.get('drawing');
    paint(seen, pixelsOf(drawing));
    if (drawing !== shown) pad.show(seen);
    shown = drawing;
  };
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-label', 'Paper for a digit');
  canvas.setAttribute('aria-describedby', 'digits-keys');
  find(root, '#digits-clear').addEventListener('click', () => pad.clear());
  state.watch(['drawing'], show);
  onScheme(() => paint(seen, pixelsOf(state.get('drawing'))));
  show();
}

function startExamples(root: HTMLElement, state: State): void {
  for (const { digit, isHard, text } of examples) {
    const button = Object.assign(document.createElement('button'), { type: 'button' });
    button.setAttribute('aria-label', `Example of a ${digit}`);
    const picture = createPicture();
    button.append(picture);
    button.addEventListener('click', () => state.set('drawing', text));
    const show = () => paint(picture, pixelsOf(text));
    onScheme(show);
    show();
    find(root, isHard ? '#digits-hard' : '#digits-easy').append(button);
  }
}

function startAnswer(root: HTMLElement, state: State, weights: Float32Array): void {
  const chart = createChart(find(root, '#digits-chart'));
  const say = (id: string, text: string) => {
    const element = find(root, `#digits-${id}`);
    // A status is read aloud when it changes.
    if (element.textContent !== text) element.textContent = text;
  };
  const read = inSlices(
    root,
    () => sample(weights, pixelsOf(state.get('drawing')), optionsOf(state)),
    ({ mean, std, entropy, mutualInformation }) => {
      const drawing = state.get('drawing');
      const off = evaluate(weights, pixelsOf(drawing));
      const [digit, digitOff] = [best(mean), best(off)];
      draw(chart, { mean, std, off });
      const reading = drawing === '' ? 'blank paper' : `read as a ${digit}`;
      find(root, '#digits-seen').setAttribute('aria-label', `The drawing as the network gets it, ${reading}`);
      say('answer', drawing === '' ? 'Nothing is drawn.' : `The network reads a ${digit}.`);
      say('with', `${digit}: ${three(mean[digit]!)} ± ${three(std[digit]!)}`);
      say('off', `${digitOff}: ${three(off[digitOff]!)}`);
      say('entropy', `${three(entropy[0]!)} nats`);
      say('information', `${three(mutualInformation[0]!)} nats`);
    },
  );
  state.watch(['seed', 'drawing', 'digitSamples'], read);
  read();
}
