/** For teachers: the link to a page with some parts left out, and how to embed it. */
import { copy } from './copy.js';
import { FIELD_NAMES, type State } from './fields.js';
import { lessonQuery } from './lesson.js';
import { everyFrame, find } from './section.js';

/** The address that restores the page as it is. */
export const linkTo = (state: State): string => new URL(state.query(), location.href).href;

const linkToLesson = (state: State): string => new URL(lessonQuery(state), location.href).href;

export function startTeachers(root: HTMLElement, state: State): void {
  const link = find<HTMLAnchorElement>(root, '#lesson-link');
  const frame = find<HTMLTextAreaElement>(root, '#lesson-frame');
  const embed = () =>
    `<iframe src="${linkToLesson(state).replaceAll('&', '&amp;')}" ` +
    'title="Dropout, hands-on" width="100%" height="900"></iframe>';
  const show = everyFrame(() => {
    link.href = linkToLesson(state);
    link.textContent = link.href;
    frame.value = embed();
  });
  state.watch(FIELD_NAMES, show);
  show();
  for (const [selector, text] of [
    ['#copy-lesson', () => linkToLesson(state)],
    ['#copy-frame', embed],
  ] as const) {
    const button = find<HTMLButtonElement>(root, selector);
    button.addEventListener('click', () => copy(text(), button));
  }
}
