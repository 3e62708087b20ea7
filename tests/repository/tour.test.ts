/**
 * website/tour.md: every snippet runs and prints what its comments state, the class by hand has 20 lines, and every
 * picture is drawn with numbers of the library.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Dropout } from 'dropout-wasm';
import { describe, expect, it } from 'vitest';
import { expectPrinted, runNode, snippetsOf } from './snippets.js';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const page = read('website/tour.md');
const snippets = snippetsOf(page);

describe('the snippets of website/tour.md', () => {
  it.each(snippets.map(({ name, code }) => [name, code]))('%s', (_, code) => {
    // TensorFlow.js greets with lines of its own.
    const printed = runNode('--input-type=module', '--eval', code).filter((line) => !/^(=+|Hi, .*|)$/.test(line));
    expectPrinted({ code, printed });
  });

  it('are all code blocks of the page', () => {
    expect(page.match(/^ *(```|~~~)/gm)).toHaveLength(2 * snippets.length);
  });
});

it('the layer by hand has 20 lines', () => {
  expect(page).toContain('in 20 lines');
  const [layer] = page.match(/^class HandWritten \{$[\s\S]*?^\}$/m)!;
  expect(layer.split('\n')).toHaveLength(20);
});

it('the speeds are those of the README', () => {
  const [, byHand, ours] = page.match(/^\| speed \| ([\d.]+ ns) .* \| ([\d.]+ ns) /m)!;
  expect(read('README.md')).toContain(
    `| 65,536 as plain arrays, against a \`Math.random\` loop | ${ours} | ${byHand} |`,
  );
});

/** Throws unless all elements are closed, and all text and attributes escaped. */
function checkWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(
    /<(\/?)([a-z]\w*)((?:\s+[\w:-]+="[^"<&]*")*)\s*(\/?)>/gi,
    (_, closes, name, attributes, empty) => {
      const names = [...attributes.matchAll(/([\w:-]+)="/g)].map(([, attribute]) => attribute);
      expect(new Set(names).size, `<${name}${attributes}>`).toBe(names.length);
      if (closes) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name);
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!\w+;)/);
}

describe('the pictures', () => {
  const names = readdirSync(new URL('website/figures', root))
    .filter((name) => name.endsWith('.js'))
    .map((name) => name.slice(0, -3));

  it('are all shown, each once, with a text in place of the picture', () => {
    const shown = [...page.matchAll(/^!\[(.+)\]\(figures\/(.*)\.svg\)$/gm)];
    expect(shown.map(([, , name]) => name).sort()).toEqual(names.sort());
  });

  const drawn: Record<string, Promise<string>> = {};
  const draw = (name: string) => {
    drawn[name] ??= import(new URL(`website/figures/${name}.js`, root).href).then((module) => module.default());
    return drawn[name];
  };
  const numbersOf = async (name: string) => {
    const [, description] = (await draw(name)).match(/<desc>([^<]*)<\/desc>/)!;
    return description!.match(/\d[\d.,]*\d|\d/g)!.map((number) => Number(number.replace(/,/g, '')));
  };

  it.each(names)('%s is well-formed, named, and follows light and dark', async (name) => {
    const svg = await draw(name);
    checkWellFormed(svg);
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 360 \d+" role="img" aria-label="[^"]+"/);
    expect(svg).toMatch(/<title>[^<]+<\/title>\n<desc>[^<]+<\/desc>/);
    // No colors but currentColor and those of website/style.css, except where nothing is painted.
    const painted = svg.replace(/<clipPath[\s\S]*?<\/clipPath>|<path[^>]* fill-opacity="0"[^>]*>/g, '');
    const colors = new Set([...painted.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, color]) => color!));
    const variables = [...colors].filter((color) => !/^(none|currentColor)$/.test(color));
    const style = read('website/style.css');
    for (const color of variables) expect(style).toContain(`${color.match(/^var\((--[\w-]+)\)$/)?.[1]}: `);
    expect(variables).not.toEqual([]);
  });

  it('network has the units that two layers have kept', async () => {
    const svg = await draw('network');
    const [p, ...units] = (await numbersOf('network')) as [number, number, number, number, number];
    const dropped = units[1] + units[3] - units[0] - units[2];
    expect(p).toBe(0.5);
    expect(svg.match(/<circle [^>]*dasharray/g)).toHaveLength(dropped);
    expect(svg.match(/<circle /g)).toHaveLength(2 * (4 + units[1] + units[3] + 2));
  });

  it('masks has the fractions that the library keeps', async () => {
    const kept = [...(await draw('masks')).matchAll(/>([\d.]+) % kept</g)].map(([, percent]) => Number(percent));
    const expected = [0.2, 0.5, 0.8].flatMap((p) => {
      const layer = new Dropout(p, { seed: 42 });
      return [1, 2].map(() => {
        layer.forward(new Float32Array(256));
        return expect.closeTo((100 * layer.mask().filter((keep) => keep).length) / 256, 1);
      });
    });
    expect(kept).toEqual(expected);
  });

  it('expectation ends near x', async () => {
    const [elements, x, p, forwards, ...means] = await numbersOf('expectation');
    expect([elements, x, p, forwards]).toEqual([6, 1, 0.5, 1000]);
    expect(means).toHaveLength(6);
    for (const mean of means) expect(Math.abs(mean - 1)).toBeLessThan(4 / Math.sqrt(1000));
  });

  it('ones has the mean and the standard deviation of the theory', async () => {
    const [seeds, , mean, std, theory, expected] = (await numbersOf('ones')) as number[] & [number, number];
    expect([seeds, theory]).toEqual([1000, 1]);
    expect(expected).toBeCloseTo(Math.sqrt(1 / 100_000), 5);
    expect(Math.abs(mean! - 1)).toBeLessThan((4 * expected!) / Math.sqrt(1000));
    expect(std! / expected!).toBeCloseTo(1, 1);
  });

  it('the mean of sub-networks is closer to evaluation than each of them', async () => {
    const svg = await draw('sub-networks');
    const percents = [...svg.matchAll(/>([\d.]+) %</g)].map(([, percent]) => Number(percent));
    expect(percents).toHaveLength(8);
    expect(percents[6]).toBeLessThan(Math.min(...percents.slice(0, 6)));
    expect(percents[7]).toBe(0);
  });

  it('the mean of sub-networks is as good as evaluation, and better than one of them', async () => {
    const [, one, , mean, evaluation] = (await numbersOf('ensemble')) as [number, number, number, number, number];
    expect(mean).toBeGreaterThan(one + 3);
    expect(Math.abs(mean - evaluation)).toBeLessThan(2);
  });
});
