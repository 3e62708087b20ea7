// Types of two untyped packages, limited to what this example uses.

declare module 'mnist' {
  /** Index d holds the images of digit d back to back, 784 numbers from 0 to 1 each. */
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
