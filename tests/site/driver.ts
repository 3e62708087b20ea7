/** What a browser does for `Tab` (tab.ts), which holds all that is the same in each. */

/** In CSS pixels, from the left upper corner of the viewport. */
export interface Point {
  x: number;
  y: number;
}

/** What a browser is told when it starts. */
export interface Preferences {
  /** prefers-color-scheme: dark */
  dark: boolean;
  /** prefers-reduced-motion: reduce */
  reducedMotion: boolean;
  /** WebGPU by SwiftShader, on every machine (Chromium). */
  gpu: boolean;
}

export interface Driver {
  /** @param touch whether the page sees a screen that can be touched, where the browser can pretend that */
  resize(width: number, height: number, touch: boolean): Promise<void>;
  goto(url: string): Promise<void>;
  /** Runs a function in the page. It sees its arguments and the page, but nothing around it. */
  evaluate<T, A extends unknown[]>(script: (...args: A) => T, ...args: A): Promise<Awaited<T>>;
  /** Presses at the first point, moves along the others, and releases at the last. */
  pointer(kind: 'mouse' | 'touch', path: Point[]): Promise<void>;
  /** Presses keys together, named as in KeyboardEvent.key. */
  press(keys: string[]): Promise<void>;
  type(text: string): Promise<void>;
  upload(selector: string, file: string): Promise<void>;
  /** The viewport as PNG. */
  screenshot(): Promise<Uint8Array>;
  /** Errors that the browser itself printed or that workers threw. Emptied by `Tab.open`. */
  log: string[];
  close(): Promise<void>;
}
