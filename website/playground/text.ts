/** How the sections print numbers. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const three = (value: number): string => value.toFixed(3);
/** A number of things, such as “1 step” or “2 steps”. */
export const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? '' : 's'}`;
