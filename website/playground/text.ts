/** How the sections print numbers. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const three = (value: number): string => value.toFixed(3);
