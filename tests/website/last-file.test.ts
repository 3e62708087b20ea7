/** Files that end in another order than they began. */
import { expect, it } from 'vitest';
import { LastFile } from '../../website/playground/family/last-file.js';

interface End {
  resolve(value: number): void;
  reject(error: Error): void;
}

/** Files whose reading ends when the test says so, and what is told of them. */
function create() {
  const told: string[] = [];
  const ends = new Map<string, End>();
  const files = new LastFile<{ name: string }, number>(
    ({ name }) => new Promise((resolve, reject) => ends.set(name, { resolve, reject })),
    {
      started: (name) => told.push(`started ${name}`),
      read: (value, name) => told.push(`read ${name}: ${value}`),
      failed: (name) => told.push(`failed ${name}`),
    },
  );
  return { told, files, take: (name: string) => files.take({ name }), end: (name: string) => ends.get(name)! };
}

it('tells of a file', async () => {
  const { told, take, end } = create();
  const done = take('a');
  end('a').resolve(1);
  await done;
  expect(told).toEqual(['started a', 'read a: 1']);
});

it.each(['a', 'b'])('the second of two files counts, also if %s ends first', async (first) => {
  const { told, take, end } = create();
  const done = [take('a'), take('b')];
  for (const name of first === 'a' ? ['a', 'b'] : ['b', 'a']) {
    end(name).resolve(1);
    await done[name === 'a' ? 0 : 1];
  }
  expect(told).toEqual(['started a', 'started b', 'read b: 1']);
});

it('an error of an earlier file is not told', async () => {
  const { told, take, end } = create();
  const done = [take('a'), take('b')];
  end('b').resolve(1);
  end('a').reject(new Error('not a picture'));
  await Promise.all(done);
  expect(told).toEqual(['started a', 'started b', 'read b: 1']);
});

it('after cancel, neither a picture nor an error arrives, and the next file does', async () => {
  const { told, files, take, end } = create();
  const done = [take('a')];
  files.cancel();
  end('a').resolve(1);
  await done[0];
  done.push(take('b'));
  end('b').reject(new Error('not a picture'));
  await done[1];
  expect(told).toEqual(['started a', 'started b', 'failed b']);
});
