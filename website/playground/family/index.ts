/** The family: every layer of the package on one picture. */
import { animate } from '../animation.js';
import { bindControls } from '../controls.js';
import type { State } from '../fields.js';
import { everyFrame, find, type Section, write } from '../section.js';
import { code } from './code.js';
import { type Drawn, expected, Family, measured, seedOf } from './family.js';
import { layerChoice } from './layer-choice.js';
import type { Member, Settings } from './member.js';
import { memberOf } from './members.js';
import { Pane } from './pane.js';
import { builtInPicture } from './picture.js';
import { SIDE } from './tiles.js';
import { onPicture } from './upload.js';

/** Fewer than three flashes a second: more can be harmful. */
const MILLISECONDS_A_MASK = 400;

/** Any factor but 0 is white. */
const MASK = { scale: 255, shift: 0 };
/** 1 is gray, 2 white. */
const NOISE = { scale: 0.5, shift: 0 };

const BUILT_IN = 'a lake at sunset, with the word dropout';

export const family: Section = {
  name: 'family',
  start(root, state) {
    const builtIn = builtInPicture();
    const layers = new Family(builtIn);
    const settings = (): Settings => ({
      p: state.get('layerP'),
      seed: seedOf(state.get('seed'), state.get('layerMask')),
      block: state.get('block'),
    });
    const show = createView(root, state, settings, (member) => layers.draw(member, settings()));
    const group = find(root, '#family-layers');
    // Shown again after the previews: by then the code is compiled, and the times are those of later masks.
    const showPreviews = layerChoice(group, layers, settings, show);
    bindControls(group, state);

    startPictures(root, builtIn, (picture) => {
      layers.load(picture);
      showPreviews();
      show();
    });
    state.watch(['layer', 'layerP', 'block', 'layerMask', 'seed'], show);
    state.watch(['layerP', 'block', 'seed'], showPreviews);
    const nextMask = () => state.set('layerMask', (state.get('layerMask') + 1) % (state.fields.layerMask.max! + 1));
    find(root, '#family-next').addEventListener('click', nextMask);
    const button = find<HTMLButtonElement>(root, '#family-animate');
    animate({ button, element: root, autoplay: false }, MILLISECONDS_A_MASK, nextMask);
  },
  code,
};

const paneOf = (root: HTMLElement, selector: string) => new Pane(find<HTMLCanvasElement>(root, selector));

const describe = ({ canvas }: Pane, text: string) => canvas.setAttribute('aria-label', text);

/** @returns shows the mask, the result and the numbers of the chosen layer, in the next frame */
function createView(
  root: HTMLElement,
  state: State,
  settings: () => Settings,
  draw: (member: Member) => Drawn,
): () => void {
  const [mask, result] = [paneOf(root, '#family-mask'), paneOf(root, '#family-result')];
  return everyFrame(() => {
    const member = memberOf(state.get('layer'));
    const drawn = draw(member);
    const start = performance.now();
    result.paint(drawn.result, member.tile, drawn.range);
    mask.paint(drawn.mask, member.tile, member.units ? MASK : NOISE);
    const painting = performance.now() - start;

    const numbers = measured(member, drawn.mask);
    const parameter = member.name === 'gaussian-noise' ? 'stddev' : 'p';
    find(root, '#family-block').hidden = member.name !== 'drop-block';
    write(root, '#family-parameter', parameter);
    write(root, '#family-says', member.says);
    write(root, '#family-measured', numbers);
    write(root, '#family-expected', expected(member, settings()));
    write(root, '#family-library', drawn.milliseconds.toFixed(1));
    write(root, '#family-painting', painting.toFixed(1));
    write(root, '#family-mask-caption', captionOf(member));
    describe(mask, `${member.units ? 'Mask' : 'Noise'} of ${member.title}: ${numbers}`);
    describe(result, `Result of ${member.title} with ${parameter} = ${state.get('layerP')}`);
  });
}

function captionOf({ units, isColorless }: Member): string {
  if (!units) return 'Noise: what becomes of ones. Gray is 1, black 0, white 2';
  const mask = 'Mask: white is kept, black is dropped';
  return isColorless ? mask : `${mask}. Colors have masks of their own: where red and green are kept, yellow is shown`;
}

/** Shows the built-in picture, then those of the visitor, and a button that leads back. */
function startPictures(root: HTMLElement, builtIn: Float32Array, listener: (picture: Float32Array) => void): void {
  const pane = paneOf(root, '#family-picture');
  const input = find<HTMLInputElement>(root, '#family-file');
  const reset = find(root, '#family-reset');
  const load = (picture: Float32Array, name: string) => {
    pane.paint(picture, SIDE, { scale: 1, shift: 0 });
    describe(pane, `The picture: ${name}`);
    reset.hidden = picture === builtIn;
    listener(picture);
  };
  const [status, error] = [find(root, '#family-status'), find(root, '#family-message')];
  const forget = onPicture({ input, area: root, status, error }, load);
  reset.addEventListener('click', () => {
    forget();
    load(builtIn, BUILT_IN);
    input.focus();
  });
  load(builtIn, BUILT_IN);
}
