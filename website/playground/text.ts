/** How the sections print numbers. */
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
export const three = (value: number) => value.toFixed(3);
