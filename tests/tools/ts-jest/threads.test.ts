import { SharedArena } from 'dropout-wasm/threads';

test('threads start', async () => {
  const arena: SharedArena = await SharedArena.create({ bytes: 65_536, threads: 2, timeout: 60_000 });
  expect(arena.threads).toBe(2);
  arena.close();
}, 60_000);
