/** SVG elements as text. Their colors are the CSS variables of website/style.css, so they follow light and dark. */

/** Width of every figure in its own units: those of a phone, so that a figure is never scaled down by much. */
export const WIDTH = 360;

/** @typedef {{ title: string, description: string, height: number }} Frame the description is for screen readers */

/**
 * @param {Frame} frame
 * @param {string} content
 * @returns {string} an SVG element as wide as its container, at most four thirds of its own width
 */
export function svg({ title, description, height }, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}"
  style="display: block; width: 100%; max-width: ${(WIDTH * 4) / 3}px; height: auto; margin: auto"
  fill="currentColor" font-family="system-ui, sans-serif" font-size="12">
<title>${title}</title>
<desc>${description}</desc>
${content}
</svg>`;
}

/**
 * @param {number} x of its middle
 * @param {number} y of its baseline
 * @param {string} content
 * @param {number} [size]
 */
export function text(x, y, content, size = 12) {
  return `<text x="${x}" y="${y}" text-anchor="middle" font-size="${size}">${content}</text>`;
}

/**
 * One path of squares, for each element that is not 0.
 *
 * @param {ArrayLike<number>} values row by row
 * @param {object} place
 * @param {number} place.columns
 * @param {number} place.x
 * @param {number} place.y
 * @param {number} place.step from one square to the next
 * @param {number} place.size of a square
 * @param {string} place.color
 */
export function squares(values, { columns, x, y, step, size, color }) {
  const path = Array.from(values, (value, i) => {
    const [left, top] = [x + (i % columns) * step, y + Math.floor(i / columns) * step];
    return value ? `M${round(left)} ${round(top)}h${round(size)}v${round(size)}h${round(-size)}z` : '';
  });
  return `<path fill="${color}" d="${path.join('')}"/>`;
}

/** @param {number} value */
export function round(value) {
  return Math.round(100 * value) / 100;
}
