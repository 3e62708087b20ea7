/** WebKitGTK's own browser by its WebDriver. They need a display, which xvfb-run gives them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Builder, Button, By, Capabilities, Key, Origin } from 'selenium-webdriver';
import type { Driver, Preferences } from './driver.js';

export interface WebKit {
  xvfbRun: string;
  driver: string;
  miniBrowser: string;
}

/** Makes the toolbar small, since the window can be no narrower. */
const GTK_CSS = '* { min-width: 0; min-height: 0; padding: 0; margin: 0; border-width: 0; font-size: 1px; }\n';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The name of a key in selenium-webdriver: ARROW_RIGHT for ArrowRight. Characters stand for themselves. */
const keyOf = (name: string): string =>
  name.length === 1 ? name : (Key[name.replace(/(?<=[a-z])(?=[A-Z])/, '_').toUpperCase() as 'TAB'] as string);

export async function openWebKit(program: WebKit, { dark, reducedMotion }: Preferences): Promise<Driver> {
  const home = mkdtempSync(join(tmpdir(), 'webkit-'));
  const config = join(home, 'gtk-3.0');
  mkdirSync(config);
  writeFileSync(join(config, 'gtk.css'), GTK_CSS);
  writeFileSync(join(config, 'settings.ini'), `[Settings]\ngtk-enable-animations=${reducedMotion ? 0 : 1}\n`);

  const port = await freePort();
  const screen = ['-a', '-s', '-screen 0 1600x1400x24'];
  const server = spawn(program.xvfbRun, [...screen, program.driver, `--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore',
    // A process group of its own, which close() can signal as a whole.
    detached: true,
    // WebKitGTK shares memory only if the last variable is set.
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, JSC_useSharedArrayBuffer: '1' },
  });
  const end = async () => {
    await stop(server);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };

  const url = `http://127.0.0.1:${port}`;
  const browserOptions = { binary: program.miniBrowser, args: ['--automation', ...(dark ? ['--dark-mode'] : [])] };
  const capabilities = new Capabilities({ browserName: 'MiniBrowser', 'webkitgtk:browserOptions': browserOptions });
  const running = await waitFor(`${url}/status`, server)
    .then(() => new Builder().usingServer(url).withCapabilities(capabilities).build())
    .catch(async (error) => {
      await end();
      throw error;
    });

  const at = ({ x, y }: { x: number; y: number }) => ({
    x: Math.round(x),
    y: Math.round(y),
    origin: Origin.VIEWPORT,
    duration: 0,
  });
  const evaluate: Driver['evaluate'] = (script, ...args) => running.executeScript(script, ...args);
  return {
    // The driver reports no console: recorder.js does.
    log: [],
    async resize(width, height) {
      const window = running.manage().window();
      let found = { width: 0, height: 0 };
      // The page learns late of its size, and the toolbar takes a part of the window.
      for (let i = 0, toolbar = 0; i < 50; i++) {
        await window.setRect({ width, height: height + toolbar, x: 0, y: 0 });
        await sleep(50);
        found = await evaluate(() => ({ width: innerWidth, height: innerHeight }));
        if (found.width === width && found.height === height) return;
        toolbar += height - found.height;
      }
      throw new Error(`WebKit's page is ${found.width} × ${found.height} px instead of ${width} × ${height} px`);
    },
    async goto(address) {
      await running.get(address);
      // The driver may answer before the scripts of the page have run.
      while ((await evaluate(() => document.readyState)) !== 'complete') await sleep(20);
    },
    evaluate,
    // WebKitGTK's driver makes a mouse of every pointer, so there is no touch.
    async pointer(_kind, [start, ...path]) {
      const actions = running.actions().move(at(start!)).press(Button.LEFT);
      for (const point of path) actions.move(at(point));
      await actions.release(Button.LEFT).perform();
    },
    async press(names) {
      const keys = names.map(keyOf);
      const actions = running.actions();
      for (const key of keys) actions.keyDown(key);
      for (const key of keys.toReversed()) actions.keyUp(key);
      await actions.perform();
    },
    type: (text) => running.actions().sendKeys(text).perform(),
    upload: (selector, file) => running.findElement(By.css(selector)).sendKeys(file),
    screenshot: async () => Buffer.from(await running.takeScreenshot(), 'base64'),
    async close() {
      await running.quit();
      await end();
    },
  };
}

/** Waits until the driver answers. @throws Error if it ends, or after 20 s */
async function waitFor(url: string, server: ChildProcess): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (server.exitCode !== null) throw new Error(`WebKitWebDriver ended with ${server.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error('WebKitWebDriver did not start');
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || !server.pid) return;
  const ended = once(server, 'exit');
  process.kill(-server.pid, 'SIGTERM');
  await ended;
}
