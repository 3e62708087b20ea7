/** The playground: reads the state from the address, starts each section when it comes near, and keeps the address. */
import { codePanel } from './code-panel.js';
import { bindControls } from './controls.js';
import { copy } from './copy.js';
import { fields, type State } from './fields.js';
import { everyFrame, find } from './section.js';
import { sections } from './sections.js';
import { Store } from './store.js';

const state: State = new Store(fields, location.search);

find(document, '#problems').append(
  ...state.problems.map((problem) => Object.assign(document.createElement('p'), { textContent: problem })),
);
bindControls(document, state);
state.watch(Object.keys(fields) as (keyof typeof fields)[], everyFrame(keepAddress));
state.watch(['hide'], hideParts);
hideParts();

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      const section = sections.find(({ name }) => name === target.id);
      if (!isIntersecting || !section) continue;
      near.unobserve(target);
      section.start(target as HTMLElement, state);
      target.append(codePanel(section, state));
    }
  },
  { rootMargin: '50%' },
);
for (const { name } of sections) near.observe(find(document, `#${name}`));

const link = find<HTMLButtonElement>(document, '#copy-link');
link.addEventListener('click', () => copy(new URL(state.query(), location.href).href, link));

function keepAddress(): void {
  history.replaceState(null, '', `${state.query()}${location.hash}`);
}

function hideParts(): void {
  const hidden: readonly string[] = state.get('hide');
  for (const part of document.querySelectorAll<HTMLElement>('[data-part]')) {
    part.hidden = hidden.includes(part.dataset.part ?? '');
  }
}
