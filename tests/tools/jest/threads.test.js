import { threads } from './threads.js';

test('threads give the bits of one', async () => {
  expect(await threads()).toBe('2 threads, equal');
}, 60_000);
