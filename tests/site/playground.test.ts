/** What holds for every section of the playground. The numbers that a section shows have tests of their own. */
import { expect, it } from 'vitest';
import { ROOT, run } from '../packaging/project.js';
import { describeInBrowsers } from './browsers.js';
import type { OpenOptions, Tab } from './tab.js';

const PAGE = 'site/index.html';

/** Opens the page and scrolls to each section, which starts it. Returns the names of the sections. */
async function openAll(tab: Tab, path = PAGE, options: OpenOptions = {}): Promise<string[]> {
  await tab.open(path, options);
  return startAll(tab);
}

async function startAll(tab: Tab): Promise<string[]> {
  const names = await tab.evaluate(() =>
    Array.from(document.querySelectorAll<HTMLElement>('section[data-part]:not(#teachers)'))
      .filter((section) => !section.hidden)
      .map(({ id }) => id),
  );
  for (const name of names) {
    await tab.scrollTo(`#${name}`);
    // The last thing that a section gets.
    await tab.waitFor((name) => document.querySelector(`#${name} details.code`) !== null, name);
  }
  return names;
}

/** The values of all controls by their names. */
const values = (tab: Tab) =>
  tab.evaluate(() => {
    const controls = document.querySelectorAll<HTMLInputElement>('input[name], select[name]');
    return Object.fromEntries(
      Array.from(controls)
        .filter(({ type, checked }) => type !== 'radio' || checked)
        .map(({ name, type, checked, value }) => [name, type === 'checkbox' ? `${checked}` : value]),
    );
  });

/** Keys that change a control which has the focus: the second one where the first is at the end of the range. */
const keysFor = (type: string): string[] => {
  if (type === 'checkbox') return [' '];
  if (type === 'range') return ['ArrowRight', 'ArrowLeft'];
  if (type === 'number') return ['ArrowUp', 'ArrowDown'];
  return ['ArrowDown', 'ArrowUp'];
};

/** Runs a program in the main folder, where it finds the built package and the examples, each text once. */
const runs = new Map<string, Promise<string>>();
function runInNode(code: string): Promise<string> {
  const running = runs.get(code) ?? run(process.execPath, ['--input-type=module', '--eval', code], ROOT);
  runs.set(code, running);
  return running;
}

describeInBrowsers('the playground', (tab) => {
  it.each(['plain', 'isolated', 'strict'] as const)('shows every section with %s headers', async (headers) => {
    const names = await openAll(tab, PAGE, { headers });
    expect(names).not.toEqual([]);
    expect(await tab.text('#problems')).toBe('');
    expect(await tab.errors()).toEqual([]);
  });

  it.each([360, 1200])('does not scroll sideways at %i px', async (width) => {
    await openAll(tab, PAGE, { width, touch: true });
    const wide = await tab.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth <= clientWidth) return [];
      return Array.from(document.querySelectorAll('body *'))
        .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
        .map((element) => `${element.tagName} ${element.id} ${element.className}`);
    });
    expect(wide).toEqual([]);
  });

  it.each([
    ['light', 1200],
    ['light', 360],
    ['dark', 1200],
    ['dark', 360],
  ] as const)('has no serious fault of accessibility, %s, %i px', async (scheme, width) => {
    await openAll(tab, PAGE, { width, dark: scheme === 'dark' });
    await tab.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    expect(await tab.axe()).toEqual([]);
  });

  it('lets Tab reach every control, with a visible focus and a name', async () => {
    await openAll(tab);
    // Loads axe-core, which computes names.
    await tab.axe('h1');
    const controls = await tab.evaluate(() => {
      type Axe = { setup(): void; teardown(): void; commons: { text: { accessibleText(e: Element): string } } };
      const { axe } = window as unknown as { axe: Axe };
      axe.setup();
      const found = Array.from(
        document.querySelectorAll<HTMLInputElement>(
          'a[href], button, input, select, textarea, summary, [tabindex="0"]',
        ),
      ).filter((e) => e.checkVisibility() && !e.disabled && (e.type !== 'radio' || e.checked));
      const nameless = found.filter((e) => !axe.commons.text.accessibleText(e)).map((e) => e.outerHTML);
      axe.teardown();
      found.forEach((e, i) => {
        e.dataset.control = `${i}`;
      });
      scrollTo(0, 0);
      return { nameless, all: found.map((e) => e.outerHTML) };
    });
    expect(controls.nameless).toEqual([]);

    const [reached, unmarked] = [new Set<number>(), new Set<string>()];
    // Some presses reach what is not in the list, such as a scrollable region or the browser's own toolbar.
    for (let i = 0; i < controls.all.length + 20 && reached.size < controls.all.length; i++) {
      await tab.press('Tab');
      const { control, isMarked } = await tab.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const marks = [element, ...Array.from((element as HTMLInputElement).labels ?? [])].map((e) =>
          getComputedStyle(e),
        );
        return {
          control: element.dataset.control,
          isMarked: marks.some(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && outlineWidth !== '0px'),
        };
      });
      if (control === undefined) continue;
      reached.add(Number(control));
      if (!isMarked) unmarked.add(controls.all[Number(control)]!);
    }
    expect(controls.all.filter((_, i) => !reached.has(i))).toEqual([]);
    expect([...unmarked]).toEqual([]);
  });

  it('keeps each control in the address, which restores it', async () => {
    await openAll(tab);
    const controls = await tab.evaluate(() =>
      Array.from(document.querySelectorAll<HTMLInputElement>('input[name], select[name]'))
        .filter((e) => e.checkVisibility() && !e.disabled && (e.type !== 'radio' || e.checked))
        .map(({ name, type }) => ({ name, type })),
    );
    const unchanged: string[] = [];
    for (const { name, type } of controls) {
      const before = await tab.parameter(name);
      await tab.evaluate((name) => {
        const all = document.querySelectorAll<HTMLInputElement>(`[name="${name}"]`);
        (Array.from(all).find(({ type, checked }) => type !== 'radio' || checked) ?? all[0])!.focus();
      }, name);
      const old = (await values(tab))[name];
      for (const key of keysFor(type)) if ((await values(tab))[name] === old) await tab.press(key);
      const isChanged = await tab.evaluate(
        async (name, before) => {
          // The page may be busy with what the control changed.
          for (
            const end = performance.now() + 10_000;
            performance.now() < end;
            await new Promise(requestAnimationFrame)
          )
            if (new URLSearchParams(location.search).get(name) !== before) return true;
          return false;
        },
        name,
        before,
      );
      if (!isChanged) unchanged.push(name);
    }
    expect(unchanged).toEqual([]);
    const expected = await values(tab);
    const address = await tab.evaluate(() => location.search);
    await tab.reload();
    await startAll(tab);
    expect(await values(tab)).toEqual(expected);
    expect(await tab.evaluate(() => location.search)).toBe(address);
    expect(await tab.errors()).toEqual([]);
  });

  it('leaves out the parts that the address hides', async () => {
    // A part may have several elements.
    const parts = async () =>
      new Set(
        await tab.evaluate(() =>
          Array.from(document.querySelectorAll<HTMLElement>('[data-part]'))
            .filter((e) => e.checkVisibility())
            .map((e) => e.dataset.part!),
        ),
      );
    await tab.open(PAGE);
    const all = [...(await parts())];
    const hidden = all.filter((_, i) => i % 2 === 0);
    await tab.open(`${PAGE}?hide=${hidden}`);
    expect(await parts()).toEqual(new Set(all.filter((_, i) => i % 2 === 1)));
    await startAll(tab);
    expect(await tab.errors()).toEqual([]);
  });

  it('names what it does not understand in the address', async () => {
    await tab.open(`${PAGE}?seed=1.5&p1=2&drawing=*&nonsense=2&utm_source=x`);
    expect(
      await tab.evaluate(() => Array.from(document.querySelector('#problems')!.children, (e) => e.textContent)),
    ).toEqual([
      '“seed” (seed of everything on this page) in the address must be a whole number from 0 to 4294967295, ' +
        'but it is “1.5”. 1 is used.',
      '“p1” (p after the first hidden layer) in the address must be a number from 0 to 0.9, but it is “2”. 0.5 is used.',
      '“drawing” in the address must be a drawing as this page writes it, but it is “*”. The drawing that the page starts with is used.',
      'The address has an unknown part, “nonsense”. It was ignored.',
    ]);
    expect(await tab.errors()).toEqual([]);
  });

  it('gives each section as a program that runs in Node', async () => {
    const names = await openAll(tab);
    for (const name of names) {
      await tab.evaluate(() => {
        const writeText = async (text: string) => void Object.assign(window, { copied: text });
        Object.defineProperty(navigator, 'clipboard', { value: { writeText }, configurable: true });
      });
      await tab.click(`#${name} details.code summary`);
      await tab.click(`#${name} details.code button`);
      const code = await tab.waitFor(() => (window as unknown as { copied?: string }).copied);
      expect(await tab.evaluate((name) => document.querySelector(`#${name} .code pre`)!.textContent, name)).toBe(code);
      await tab.evaluate(() => delete (window as unknown as { copied?: string }).copied);
      expect(await runInNode(code!), code).not.toBe('');
    }
  });
});
