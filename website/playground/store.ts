/**
 * The state of the page: a value for every field, and the address that restores it. Sections read values and are told
 * of changes. Controls (controls.ts) change them.
 */

/** A part of the state. `min`, `max` and `step` are those of its control. */
export interface Field<T> {
  readonly initial: T;
  /** What a message calls the initial value, where its text is long. */
  readonly initialName?: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  /** What a value must be, for the message about an address that has another one. */
  readonly rule: string;
  /** Returns undefined for text that breaks the rule. */
  parse(text: string): T | undefined;
  print(value: T): string;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * A number from `min` to `max`, in steps from `min`, which is an integer or has no more decimals than `step`. Steps of
 * whole numbers take whole numbers alone.
 */
export function number(initial: number, min: number, max: number, step: number): Field<number> {
  const places = `${step}`.split('.')[1]?.length ?? 0;
  // Not the division alone: 0.3 / 0.1 is below 3.
  const steps = Math.floor((max - min) / step + 1e-9);
  const isWhole = Number.isInteger(step);
  return {
    initial,
    min,
    max,
    step,
    rule: `a ${isWhole ? 'whole number' : 'number'} from ${min} to ${max}`,
    parse(text) {
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
      if (!(value >= min && value <= max) || (isWhole && !Number.isInteger(value))) return undefined;
      return Number((min + Math.min(Math.round((value - min) / step), steps) * step).toFixed(places));
    },
    print: (value) => `${value}`,
  };
}

/** One of a few names. */
export function choice<const T extends string>(initial: NoInfer<T>, values: readonly T[]): Field<T> {
  return {
    initial,
    rule: `one of ${values.join(', ')}`,
    parse: (text) => values.find((value) => value === text),
    print: (value) => value,
  };
}

/** Some of a few names, separated by commas. */
export function subset<const T extends string>(values: readonly T[]): Field<readonly T[]> {
  return {
    initial: [],
    rule: `some of ${values.join(', ')}, separated by commas`,
    parse(text) {
      const names = text.split(',').filter((name) => name !== '');
      return names.every((name) => (values as readonly string[]).includes(name))
        ? values.filter((value) => names.includes(value))
        : undefined;
    },
    print: (names) => names.join(','),
  };
}

/** What other sites add to a link, to see who follows it. */
const TRACKING = /^(utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|igshid|mc_[ce]id|_gl|ref)$/;

const quote = (text: string) => `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;

/** The first five problems: an address can have any number. */
const shorten = (problems: string[]): string[] =>
  problems.length <= 6 ? problems : [...problems.slice(0, 5), `The address has ${problems.length - 5} more problems.`];

// biome-ignore lint/suspicious/noExplicitAny: a field of any type
export type Fields = Readonly<Record<string, Field<any>>>;
export type ValueOf<F> = F extends Field<infer T> ? T : never;

export class Store<F extends Fields> {
  /** A sentence for each part of the address that was not understood. */
  readonly problems: readonly string[];
  private readonly values: Record<string, unknown> = {};
  private readonly listeners: { names: readonly string[]; listener: () => void }[] = [];

  /**
   * @param query of the address, as `location.search` has it
   * @param labelOf what the page calls a field, for the messages
   */
  constructor(
    readonly fields: F,
    query: string,
    private readonly labelOf: (name: string) => string | undefined = () => undefined,
  ) {
    for (const [name, field] of Object.entries(fields)) this.values[name] = field.initial;
    this.problems = shorten(this.read(new URLSearchParams(query)));
  }

  /** Takes the values of an address. Returns what is wrong with it. */
  private read(query: URLSearchParams): string[] {
    const problems: string[] = [];
    for (const name of new Set(query.keys())) {
      if (TRACKING.test(name)) continue;
      const field = Object.hasOwn(this.fields, name) ? this.fields[name] : undefined;
      if (!field) {
        problems.push(`The address has an unknown part, ${quote(name)}. It was ignored.`);
        continue;
      }
      const [text, ...more] = query.getAll(name) as [string, ...string[]];
      const value = field.parse(text);
      const label = this.labelOf(name);
      const title = label === undefined || label === name ? `“${name}”` : `“${name}” (${label})`;
      if (value === undefined) {
        const used = field.initialName ?? (field.print(field.initial) || 'None');
        problems.push(`${title} in the address must be ${field.rule}, but it is ${quote(text)}. ${used} is used.`);
      } else {
        this.values[name] = value;
        if (more.length > 0)
          problems.push(`${title} is in the address more than once. The first, ${quote(text)}, is used.`);
      }
    }
    return problems;
  }

  get<N extends keyof F & string>(name: N): ValueOf<F[N]> {
    return this.values[name] as ValueOf<F[N]>;
  }

  /** Changes a value and tells those who watch it. */
  set<N extends keyof F & string>(name: N, value: ValueOf<F[N]>): void {
    if (Object.is(this.values[name], value)) return;
    this.values[name] = value;
    for (const { names, listener } of this.listeners) if (names.includes(name)) listener();
  }

  /** Calls the listener after each change of one of these fields. */
  watch(names: readonly (keyof F & string)[], listener: () => void): void {
    this.listeners.push({ names, listener });
  }

  /** The whole state as the query of an address. */
  query(): string {
    return this.queryOf(() => true);
  }

  /** The same state as a shorter query: without initial values, but always with the field `kept`. */
  shortQuery(kept: keyof F & string): string {
    return this.queryOf((name, text) => name === kept || text !== this.fields[name]!.print(this.fields[name]!.initial));
  }

  private queryOf(isWanted: (name: string, text: string) => boolean): string {
    const all = Object.entries(this.fields).map(([name, field]) => [name, field.print(this.values[name])] as const);
    return `?${new URLSearchParams(Object.fromEntries(all.filter(([name, text]) => isWanted(name, text))))}`;
  }
}
