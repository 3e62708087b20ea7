/** HTML that sections of the report share. */

/** @param {{ label: string, color: string, type: import('./chart.js').LineType }[]} curves */
export function legend(curves) {
  const entries = curves.map(({ label, color, type }) => {
    return `<li style="--color: ${color}; --line: ${type}">${label}</li>`;
  });
  return `<ul class="legend">\n${entries.join('\n')}\n</ul>`;
}

/**
 * @param {string} svg
 * @param {string} description for those who do not see it
 * @param {string} caption HTML
 */
export function chartFigure(svg, description, caption) {
  return figure(`<div role="img" aria-label="${description}">${svg}</div>`, caption);
}

/** @param {import('./pictures.js').PictureRow[]} rows @param {string} caption HTML */
export function pictureFigure(rows, caption) {
  return figure(rows.map(pictureRow).join('\n'), caption);
}

/** @param {string} content HTML @param {string} caption HTML */
export function figure(content, caption) {
  return `<figure>${content}<figcaption>${caption}</figcaption></figure>`;
}

/** @param {import('./pictures.js').PictureRow} row */
function pictureRow({ title, pictures }) {
  const images = pictures.map(({ caption, src }) => {
    return `<div><img src="${src}" alt="${title}, ${caption}">${caption}</div>`;
  });
  return `<div class="pictures"><h3>${title}</h3>${images.join('')}</div>`;
}
