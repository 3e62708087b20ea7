/** What the programs of the examples share: numbers as options, and how a program ends. */

/** Signals that end a program, and its exit code: 128 and the number of the signal. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Runs a program. A signal of the system aborts it; an error is printed as one line.
 *
 * @param {(signal: AbortSignal) => Promise<void>} main rejects with the reason of the signal if that aborts
 * @param {string} [hint] printed after "ended by SIGINT"
 */
export async function runProgram(main, hint = '') {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(SIGNALS)) {
    process.once(name, () => {
      process.exitCode = code;
      controller.abort(new Error(`ended by ${name}${hint}`));
    });
  }
  // A terminal that was closed, or a pipe that nobody reads. The program ends, but not before what it has started.
  process.stdout.on('error', (error) => controller.abort(error));
  process.stderr.on('error', () => {});
  await printErrors(() => main(controller.signal));
}

/**
 * Prints an error as one line, and sets the exit code to 1 unless it is set.
 *
 * @param {() => Promise<void>} main
 */
export async function printErrors(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode ??= 1;
  }
}

/**
 * A seed.
 *
 * @param {string} name of the option
 * @param {string} text
 * @throws {RangeError} unless it is a whole number from 0 to 2^64 - 1
 */
export function seedOf(name, text) {
  if (!/^\s*\d+\s*$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new RangeError(`${name} takes a whole number from 0 to 2^64 - 1, but got "${text}"`);
  }
  return BigInt(text);
}

/**
 * The value of an option.
 *
 * @param {string} name
 * @param {string} text
 * @param {number} min
 * @param {number} [max]
 * @throws {RangeError} unless it is a whole number from min to max
 */
export function wholeNumber(name, text, min, max = Number.MAX_SAFE_INTEGER) {
  const number = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || number < min || number > max) {
    throw new RangeError(`${name} takes a whole number from ${min} to ${max}, but got "${text}"`);
  }
  return number;
}
