/** The installed browsers, each with one tab, which the files of a run share. */
import { afterAll, describe } from 'vitest';
import { findChromium, findFirefox, findMiniBrowser, which } from '../../scripts/programs.js';
import { requiresAll } from '../runtimes/mode.js';
import type { Driver, Preferences } from './driver.js';
import { openPuppeteer } from './puppeteer.js';
import { serve } from './server.js';
import { Tab } from './tab.js';
import { openWebKit } from './webkit.js';
import './environment.js';

type Start = (preferences: Preferences) => Promise<Driver>;

interface Browser {
  name: string;
  /** The programs that it needs. */
  programs: (string | undefined)[];
  start: Start;
}

const chromium = findChromium();
const firefox = findFirefox();
const webkit = { xvfbRun: which('xvfb-run'), driver: which('WebKitWebDriver'), miniBrowser: findMiniBrowser() };

const BROWSERS: Browser[] = [
  { name: 'Chromium', programs: [chromium], start: (wishes) => openPuppeteer('chrome', chromium!, wishes) },
  { name: 'Firefox', programs: [firefox], start: (wishes) => openPuppeteer('firefox', firefox!, wishes) },
  {
    name: 'WebKit',
    programs: Object.values(webkit),
    start: (wishes) => openWebKit(webkit as Parameters<typeof openWebKit>[0], wishes),
  },
];

const isInstalled = ({ programs }: Browser) => programs.every((path) => path !== undefined);
const missing = BROWSERS.filter((browser) => !isInstalled(browser));
if (missing.length) console.log(`not installed: ${missing.map(({ name }) => name).join('; ')}`);

/** Starts a browser when it is first asked for, and once for each set of preferences. */
function once(browser: Browser): Start {
  const started = new Map<string, Promise<Driver>>();
  return async (preferences) => {
    if (!isInstalled(browser)) throw new Error(`${browser.name} is not installed: .ci/run lists the Debian packages`);
    const key = JSON.stringify(preferences);
    const driver = started.get(key) ?? browser.start(preferences);
    if (!started.has(key)) opened.push({ close: async () => (await driver).close() });
    started.set(key, driver);
    return driver;
  };
}

const server = await serve();
opened.push(server);

const tabs = BROWSERS.filter((browser) => isInstalled(browser) || requiresAll).map((browser) => ({
  name: browser.name,
  tab: new Tab(once(browser), server),
}));

/** Defines tests for each browser, with its tab. */
export function describeInBrowsers(title: string, define: (tab: Tab, browser: string) => void): void {
  for (const { name, tab } of tabs)
    describe(`${title}, ${name}`, () => {
      define(tab, name);
      afterAll(() => tab.leave());
    });
}
