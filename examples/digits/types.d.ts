// Two packages that come without types: the part of them that this example uses.

declare module 'mnist' {
  /** Digit d at index d: its images one after the other, 784 numbers from 0 to 1 each. */
  const mnist: { raw: number[]; length: number }[];
  export default mnist;
}

declare module 'cli-progress' {
  export class SingleBar {
    constructor(options: {
      format: string;
      barsize?: number;
      etaBuffer?: number;
      noTTYOutput?: boolean;
      notTTYSchedule?: number;
    });
    start(total: number, startValue: number): void;
    increment(): void;
    stop(): void;
  }
  const cliProgress: { SingleBar: typeof SingleBar };
  export default cliProgress;
}
