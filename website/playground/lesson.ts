/** The page as teachers show it. */
import { fields, type State } from './fields.js';
import { Store } from './store.js';

/** The query of a short address that shows the page as it is, without what is for teachers. */
export function lessonQuery(state: State): string {
  const lesson: State = new Store(fields, state.query());
  lesson.set('hide', fields.hide.parse(`${fields.hide.print(state.get('hide'))},teachers`)!);
  return lesson.shortQuery('seed');
}
