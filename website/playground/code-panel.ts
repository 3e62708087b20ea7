/** The code of a section: a program for Node that computes what is shown. */
import { copy } from './copy.js';
import { FIELD_NAMES, type State } from './fields.js';
import { everyFrame, type Section } from './section.js';

export function codePanel({ name, code }: Section, state: State): HTMLElement {
  const details = element('details', { className: 'code' });
  const summary = element('summary', { textContent: 'This as code' });
  const button = element('button', { type: 'button', textContent: 'Copy the code' });
  // Focusable, so keys can scroll it.
  const text = element('pre', { tabIndex: 0 });
  text.setAttribute('role', 'region');
  text.setAttribute('aria-label', `Code of ${name}`);
  details.append(summary, button, text);

  const show = () => {
    if (details.open) text.textContent = code(state);
  };
  details.addEventListener('toggle', show);
  state.watch(FIELD_NAMES, everyFrame(show));
  button.addEventListener('click', () => copy(code(state), button));
  return details;
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]>,
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(name), properties);
}
