// Types of three untyped packages, limited to what the examples and scripts/fuzz.js use.

declare module 'mnist' {
  /** Index d holds the images of digit d back to back, 784 numbers from 0 to 1 each. */
  const mnist: { raw: number[]; length: number }[];
  export default mnist;
}

declare module 'fs-native-extensions' {
  /** Locks an open file for this process until it ends. @returns whether no other process has locked it */
  export function tryLock(fd: number): boolean;
}

declare module 'cli-progress' {
  export class SingleBar {
    constructor(options: {
      format: string;
      barsize?: number;
      clearOnComplete?: boolean;
      etaBuffer?: number;
      noTTYOutput?: boolean;
      notTTYSchedule?: number;
    });
    start(total: number, startValue: number, payload?: object): void;
    increment(): void;
    update(value: number, payload?: object): void;
    stop(): void;
  }
  export class MultiBar {
    constructor(options: {
      format: string;
      barsize?: number;
      clearOnComplete?: boolean;
      stream?: NodeJS.WritableStream;
    });
    create(total: number, startValue: number, payload: object): Bar;
    stop(): void;
  }
  export interface Bar {
    setTotal(total: number): void;
    update(value: number, payload?: object): void;
  }
  const cliProgress: { SingleBar: typeof SingleBar; MultiBar: typeof MultiBar };
  export default cliProgress;
}
