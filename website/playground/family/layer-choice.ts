/** The layers as radio buttons, each with a small picture of what it does. */
import type { Family } from './family.js';
import type { Settings } from './member.js';
import { MEMBERS } from './members.js';
import { Pane } from './pane.js';

const SIDE = 96;

/** With places for line breaks, between lower and upper case. */
const breakable = (name: string) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '\u200b');

/**
 * Adds a radio button for each member.
 *
 * @param done called when all pictures are drawn
 * @returns draws their pictures anew, one in each frame
 */
export function layerChoice(
  group: HTMLElement,
  family: Family,
  settings: () => Settings,
  done: () => void,
): () => void {
  const previews = MEMBERS.map((member) => {
    const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'layer', value: member.name });
    const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
    canvas.setAttribute('aria-hidden', 'true');
    const label = document.createElement('label');
    label.append(
      input,
      canvas,
      Object.assign(document.createElement('span'), { textContent: breakable(member.title) }),
    );
    group.append(label);
    return { member, context: canvas.getContext('2d')! };
  });

  const whole = new Pane(document.createElement('canvas'));
  const outdated = new Set<(typeof previews)[number]>();
  const drawNext = () => {
    const [preview] = outdated;
    if (!preview) return done();
    outdated.delete(preview);
    const { member, context } = preview;
    const { result, range } = family.draw(member, settings());
    whole.paint(result, member.tile, range);
    context.drawImage(whole.canvas, 0, 0, SIDE, SIDE);
    requestAnimationFrame(drawNext);
  };
  return () => {
    if (outdated.size === 0) requestAnimationFrame(drawNext);
    for (const preview of previews) outdated.add(preview);
  };
}
