/** The short address of a lesson. */
import { expect, it } from 'vitest';
import { lessonQuery } from '../../website/playground/lesson.js';
import { stateOf } from './state.js';

it.each([
  ['', '?seed=1&hide=teachers'],
  ['?hide=bits,digits', '?seed=1&hide=digits%2Cbits%2Cteachers'],
  ['?seed=7&p1=0.3&points=60&hide=teachers', '?seed=7&p1=0.3&hide=teachers'],
])('%s', (query, short) => expect(lessonQuery(stateOf(query))).toBe(short));

it('restores the state but for what is for teachers', () => {
  const state = stateOf('?seed=5&layer=rows&noise=0.1&hide=hero,teachers');
  expect(stateOf(lessonQuery(state)).query()).toBe(state.query());
});
