/** How the sections print numbers. */

/** A count, with a comma every three digits. */
export const grouped = (value: number): string => value.toLocaleString('en');
/** With four decimals at most: an exact factor has none that say nothing. */
export const factor = (value: number): string => `${Number(value.toFixed(4))}`;
/** With so many digits, never with an exponent. */
export const significant = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumSignificantDigits: digits, maximumSignificantDigits: digits });
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const three = (value: number): string => value.toFixed(3);
export const four = (value: number): string => value.toFixed(4);
/** A number of things, such as “1 step” or “2 steps”. */
export const count = (number: number, thing: string): string => `${grouped(number)} ${thing}${number === 1 ? '' : 's'}`;
