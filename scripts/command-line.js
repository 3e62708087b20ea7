/** The command lines of scripts and benchmarks: a mistake is told with the usage, before anything is done. */

/**
 * What a command line asks for; undefined where it asks for help, which is printed. A mistake ends the process with 1.
 *
 * @template T
 * @param {string} usage
 * @param {() => T | undefined} read undefined for --help
 * @returns {T | undefined}
 */
export function readCommandLine(usage, read) {
  let chosen;
  try {
    chosen = read();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(1);
  }
  if (chosen === undefined) console.log(usage);
  return chosen;
}

/**
 * @param {string} name of the option
 * @param {string} expected
 * @param {string | undefined} got
 */
export function mistake(name, expected, got) {
  return new Error(`${name} has to be ${expected}, but got ${got}`);
}

/**
 * @param {string} name of the option
 * @param {string} text
 * @param {number} [least]
 * @param {number} [most]
 * @throws Error unless the text is a whole number in that range
 */
export function whole(name, text, least = 1, most = Number.MAX_SAFE_INTEGER) {
  const value = Number(text);
  const range = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
  if (!/^\d+$/.test(text) || !(value >= least && value <= most))
    throw mistake(name, `a whole number from ${least}${range}`, text);
  return value;
}
