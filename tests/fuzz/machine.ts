/**
 * Runs random programs, step by step, on two packages. Each step is the text of JavaScript, so the program that is
 * printed for a failure is the one that failed.
 */
import { bitsOf } from '../support/bits.js';
import { GUARD } from '../support/guards.js';
import type { Package } from '../support/layers.js';
import { createMemory, type Memory } from './memory.js';

/** A step of a program. */
export interface Step {
  /** Statements that make the arrays of the call. */
  setup?: string[];
  /** An expression, which is what the step tests. */
  call: string;
  /** The name of the result, for later steps. */
  name?: string;
  /** Expressions for the arrays that the call writes, each with the number of its elements that it may write. */
  writes?: [array: string, length: number][];
  /** What the call must return, where that is known. */
  is?: unknown;
  /** The error that the call must throw. */
  refusal?: Refusal;
}

/** An expected error: its class, and what its message begins with. */
export interface Refusal {
  type: 'TypeError' | 'RangeError';
  message: RegExp;
}

/** What the other entries export; the same for both packages. */
export type Entries = Record<string, unknown>;

/**
 * What errors of valid calls begin with: an arena is full or was reset, a LockedDropout keeps its mask, or the layers of
 * a Monte-Carlo run drop nothing.
 */
const LIMITS = [
  'out has to be given: the arena has',
  'n has to be at most',
  'x is from before reset',
  'dy is from before reset',
  'x.shape has to be of batch',
  'all samples would be equal',
];

/** Where a package failed, or how it differs from the other. */
export class Finding extends Error {}

interface Snapshot {
  bytes: Uint8Array[];
  state: string;
}

type Outcome = { value: unknown } | { error: unknown };

/** A package, its memories, and the names of a program. */
class Machine {
  private readonly memory: Memory;
  private names = new Map<string, unknown>();
  private readonly scope: Record<string, unknown>;
  /** The buffers in which arrays of the program lie. */
  private buffers: ArrayBufferLike[] = [];

  constructor(
    readonly label: string,
    readonly pkg: Package,
    shared: Memory['shared'],
    entries: Entries,
  ) {
    this.memory = createMemory(pkg, shared);
    const array = (...args: Parameters<Memory['array']>) => this.known(this.memory.array(...args));
    for (const { memory } of this.rooms()) new Uint8Array(memory.buffer).fill(GUARD);
    this.scope = { ...pkg, ...entries, ...this.memory, array };
  }

  /** Starts a program. */
  begin(): void {
    this.names = new Map();
    const ends = this.ends();
    for (const [i, room] of this.rooms().entries()) {
      new Uint8Array(room.memory.buffer).fill(GUARD, 0, ends[i]);
      room.reset();
    }
    this.buffers = this.rooms().map(({ memory }) => memory.buffer);
    this.pkg.manualSeed(0);
  }

  /** Runs statements. What they declare is known to later ones. */
  declare(statements: readonly string[]): void {
    const names = statements.flatMap((text) => text.match(/^const (\w+) =/)?.slice(1) ?? []);
    const values = this.run(`${statements.join(';\n')};\nreturn [${names}];`) as unknown[];
    for (const [i, name] of names.entries()) this.names.set(name, values[i]);
  }

  async call({ call, name }: Step): Promise<Outcome> {
    try {
      const value = await this.run(`return ${call};`);
      if (name) this.names.set(name, value);
      for (const array of arraysIn(value)) this.known(array);
      return { value };
    } catch (error) {
      return { error };
    }
  }

  evaluate(expression: string): unknown {
    return this.run(`return ${expression};`);
  }

  /** A copy of all memory, and the state of layers, generators and arenas as text. */
  snapshot(): Snapshot {
    const ends = this.ends();
    const bytes = this.buffers.map((buffer, i) => new Uint8Array(buffer).slice(0, ends[i]));
    return { bytes, state: this.state() };
  }

  /** Where an array lies. */
  placeOf({ buffer, byteOffset }: ArrayBufferView): string {
    return `byte ${byteOffset} of buffer ${this.buffers.indexOf(buffer)}`;
  }

  /**
   * @param written the arrays that may have changed since the snapshot
   * @throws Finding if any other byte has changed
   */
  checkBytes({ bytes }: Snapshot, written: readonly ArrayBufferView[]): void {
    for (const [i, before] of bytes.entries()) {
      const buffer = this.buffers[i]!;
      const after = new Uint8Array(buffer, 0, before.length);
      for (const array of written)
        if (array.buffer === buffer) {
          const { byteOffset: at, byteLength } = array;
          if (at < before.length) before.set(after.subarray(at, Math.min(at + byteLength, before.length)), at);
        }
      if (Buffer.compare(before, after) === 0) continue;
      const at = before.findIndex((byte, j) => byte !== after[j]);
      throw new Finding(`${this.label} writes where it must not: byte ${at} of buffer ${i}`);
    }
  }

  state(): string {
    const { Generator, Arena } = this.pkg;
    const texts: string[] = [];
    for (const [name, value] of this.names)
      if (value instanceof Generator || value instanceof Arena || isLayer(value)) texts.push(`${name}: ${value}`);
    return [...texts, ...this.rooms().map(({ bytesFree }) => `${bytesFree} bytes free`)].join('\n');
  }

  private rooms() {
    const { arena, other, heap, shared } = this.memory;
    return [arena, other, heap, shared];
  }

  /** Where the used part of each memory ends, and what may be written beyond it by mistake. */
  private ends(): number[] {
    return this.rooms().map(({ memory, bytesFree }) => memory.buffer.byteLength - bytesFree + 4096);
  }

  private known<A extends ArrayBufferView>(array: A): A {
    if (!this.buffers.includes(array.buffer)) this.buffers.push(array.buffer);
    return array;
  }

  private run(body: string): unknown {
    // Only the names that occur: a function of all of them takes 10 times as long to make.
    const used = [...new Set(body.match(/[a-z]\w*/gi))];
    const known = used.filter((name) => this.names.has(name) || name in this.scope);
    const values = known.map((name) => (this.names.has(name) ? this.names.get(name) : this.scope[name]));
    return new Function(...known, body)(...values);
  }
}

const isLayer = (value: unknown): boolean => typeof (value as { forward?: unknown } | null)?.forward === 'function';

const isArray = (value: unknown): value is Float32Array => ArrayBuffer.isView(value);

/** The typed arrays in a value: itself, or those in its properties. */
function arraysIn(value: unknown): Float32Array[] {
  if (isArray(value)) return [value];
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.values(value).flatMap(arraysIn) : [];
}

/** A value as text, arrays left out: those are compared by bits. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part) =>
    isArray(part) ? part.constructor.name : typeof part === 'bigint' ? `${part}n` : part,
  ) ?? String(value);

/** Two packages that run the same program. */
export class Pair {
  /** The program so far. */
  readonly text: string[] = [];
  private readonly machines: [Machine, Machine];
  private previous = '';

  constructor([wasm, reference]: [Machine, Machine]) {
    this.machines = [wasm, reference];
    for (const machine of this.machines) machine.begin();
  }

  /** @throws Finding unless both packages do what the step expects, alike */
  async run(step: Step): Promise<boolean> {
    const { setup = [], call, name, writes = [], refusal } = step;
    this.text.push(...setup.map((text) => `${text};`));
    const tested = name ? `const ${name} = await ${call};` : `await ${call};`;
    this.previous = tested;
    const results: { outcome: Outcome; machine: Machine }[] = [];
    for (const machine of this.machines) {
      machine.declare(setup);
      const before = machine.snapshot();
      const outcome = await machine.call(step);
      results.push({ outcome, machine });
      if ('error' in outcome) {
        checkError(machine.label, outcome.error, refusal);
        machine.checkBytes(before, []);
        if (machine.state() !== before.state) throw new Finding(`${machine.label} changes its state before it throws`);
        continue;
      }
      if (refusal) throw new Finding(`${machine.label} does not throw a ${refusal.type} ${refusal.message}`);
      const written = writes.map(([array, length]) => (machine.evaluate(array) as Float32Array).subarray(0, length));
      const isWritten = (array: ArrayBufferView) =>
        written.some(({ buffer, byteOffset }) => buffer === array.buffer && byteOffset === array.byteOffset);
      machine.checkBytes(before, [...written, ...arraysIn(outcome.value).filter((array) => !isWritten(array))]);
      if ('is' in step && textOf(outcome.value) !== textOf(step.is))
        throw new Finding(`${machine.label} returns ${textOf(outcome.value)} instead of ${textOf(step.is)}`);
    }
    const [a, b] = results as [(typeof results)[0], (typeof results)[0]];
    this.compare(a, b, writes);
    const failed = 'error' in a.outcome;
    this.text.push(failed ? `try { await ${call}; } catch {}` : tested);
    return !failed;
  }

  /** The program, with the step that is being run. */
  program(): string[] {
    return [...this.text, this.previous.replace(/^const \w+ = /, 'return ').replace(/^await/, 'return await')];
  }

  private compare(
    a: { outcome: Outcome; machine: Machine },
    b: { outcome: Outcome; machine: Machine },
    writes: Step['writes'] & object,
  ): void {
    if ('error' in a.outcome || 'error' in b.outcome) {
      const [x, y] = [a, b].map(({ outcome }) => ('error' in outcome ? String(outcome.error) : 'no error'));
      if (x !== y) throw new Finding(`${a.machine.label}: ${x}\n${b.machine.label}: ${y}`);
      return;
    }
    const [x, y] = [a.outcome.value, b.outcome.value];
    if (textOf(x) !== textOf(y))
      throw new Finding(`${a.machine.label} returns ${textOf(x)}\n${b.machine.label} returns ${textOf(y)}`);
    const [got, expected] = [a, b].map(({ outcome, machine }) => [
      ...arraysIn((outcome as { value: unknown }).value),
      ...writes.map(([array]) => machine.evaluate(array) as Float32Array),
    ]) as [Float32Array[], Float32Array[]];
    for (const [i, array] of got.entries()) {
      this.compareBits(array, expected[i]!);
      if (a.machine.placeOf(array) !== b.machine.placeOf(expected[i]!))
        throw new Finding(`${a.machine.label} returns ${a.machine.placeOf(array)}, ${b.machine.label} another`);
    }
    if (a.machine.state() !== b.machine.state())
      throw new Finding(`${a.machine.label}:\n${a.machine.state()}\n${b.machine.label}:\n${b.machine.state()}`);
  }

  private compareBits(got: Float32Array, expected: Float32Array): void {
    const [x, y] = [bitsOf(got), bitsOf(expected)];
    if (Buffer.compare(x, y) === 0) return;
    const at = x.findIndex((byte, i) => byte !== y[i]);
    const i = Math.floor(at / got.BYTES_PER_ELEMENT);
    throw new Finding(`element ${i} of ${got.length} is ${got[i]}, but ${expected[i]} by ${this.machines[1].label}`);
  }
}

function checkError(label: string, error: unknown, refusal: Refusal | undefined): void {
  const { name, message } = error as Error;
  const isRight = refusal
    ? name === refusal.type && refusal.message.test(message)
    : LIMITS.some((start) => message.startsWith(start));
  if (!isRight)
    throw new Finding(`${label} throws ${error}${refusal ? ` instead of a ${refusal.type} ${refusal.message}` : ''}`);
}

/** Creates the machines of two packages once, since each has memories of its own. */
export function machines(
  packages: [[string, Package], [string, Package]],
  shared: [Memory['shared'], Memory['shared']],
  entries: Entries,
): [Machine, Machine] {
  return packages.map(([label, pkg], i) => new Machine(label, pkg, shared[i]!, entries)) as [Machine, Machine];
}

export type { Machine };
