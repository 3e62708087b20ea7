/** The playground: reads the state from the address, starts each section when it comes near, and keeps the address. */
import { codePanel } from './code-panel.js';
import { bindControls, labelOf } from './controls.js';
import { copy } from './copy.js';
import { FIELD_NAMES, fields, type State } from './fields.js';
import { startHero } from './hero.js';
import { find } from './section.js';
import { sections } from './sections.js';
import { Store } from './store.js';
import { linkTo, startTeachers } from './teachers.js';

const state: State = new Store(fields, location.search, labelOf);

find(document, '#problems').append(
  ...state.problems.map((problem) => Object.assign(document.createElement('p'), { textContent: problem })),
);
bindControls(document, state);
let isAddressLate = false;
state.watch(FIELD_NAMES, keepAddressSoon);
state.watch(['hide'], hideParts);
hideParts();
startHero(find(document, '#hero'), state);
startTeachers(find(document, '#teachers'), state);

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

for (const type of ['dragover', 'drop'] as const) addEventListener(type, keepPage);

const link = find<HTMLButtonElement>(document, '#copy-link');
link.addEventListener('click', () => copy(linkTo(state), link));

/** At most twice a second: browsers refuse more. */
function keepAddressSoon(): void {
  if (isAddressLate) return;
  isAddressLate = true;
  setTimeout(() => {
    isAddressLate = false;
    history.replaceState(null, '', `${state.query()}${location.hash}`);
  }, 500);
}

/** A file that is dropped where no section takes it would be shown in place of the page. */
function keepPage(event: DragEvent): void {
  if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = 'none';
}

function hideParts(): void {
  const hidden: readonly string[] = state.get('hide');
  for (const part of document.querySelectorAll<HTMLElement>('[data-part]')) {
    part.hidden = hidden.includes(part.dataset.part ?? '');
  }
}
