/** Compares several threads with one inside a runtime: 1, 2 and 3 threads, with workers from a URL and from a blob. */
import { Dropout, GaussianDropout, Generator, mask } from 'dropout-wasm';
import { SharedArena } from 'dropout-wasm/threads';

/** Resolves to the cases that ran, one word per case. @throws Error where a bit differs */
export async function threads(): Promise<string> {
  const done: string[] = [];
  const n = 2 ** 20 + 5;
  const plain = Float32Array.from({ length: n }, (_, i) => Math.sin(i));
  const key = new Generator(42).next();
  const layers = () => [Dropout, GaussianDropout].map((Layer) => new Layer(0.3, { seed: 1 }));
  const expected = layers().map((layer) => layer.forward(plain));
  const bits = mask(n, { p: 0.3, key, format: 'bits' });
  for (const [count, worker] of [
    [1, 'url'],
    [2, 'url'],
    [3, 'url'],
    [2, 'blob'],
  ] as const) {
    const arena = await SharedArena.create({ bytes: 4 * 2 ** 22, threads: count, worker });
    const x = arena.float32(n);
    x.set(plain);
    layers().forEach((layer, i) => {
      const y = layer.forward(x);
      if (!y.every((v, j) => Object.is(v, expected[i]![j]))) throw new Error(`${count} threads: ${layer} differs`);
    });
    const written = mask(n, { p: 0.3, key, format: 'bits', out: arena.uint8(bits.length) });
    if (!written.every((byte, j) => byte === bits[j])) throw new Error(`${count} threads: the mask differs`);
    arena.close();
    done.push(`${count}:${worker}`);
  }
  return done.join(' ');
}
