/** Reads files one after the other. Only the last one counts: reading takes time, and an earlier file can end later. */

export interface Listener<T> {
  /** A file is being read. */
  started(name: string): void;
  read(value: T, name: string): void;
  failed(name: string): void;
}

export class LastFile<F extends { name: string }, T> {
  private reading: symbol | undefined;

  constructor(
    private readonly read: (file: F) => Promise<T>,
    private readonly listener: Listener<T>,
  ) {}

  async take(file: F): Promise<void> {
    const own = Symbol();
    this.reading = own;
    this.listener.started(file.name);
    const tell = await this.read(file).then(
      (value) => () => this.listener.read(value, file.name),
      () => () => this.listener.failed(file.name),
    );
    if (this.reading === own) tell();
  }

  /** Nothing more is told of the file that is being read. */
  cancel(): void {
    this.reading = undefined;
  }
}
