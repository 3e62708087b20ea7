/** HTML that sections of the report share. */

/** @param {{ label: string, color: string, type: import('./chart.js').LineType }[]} curves */
export function legend(curves) {
  const entries = curves.map(({ label, color, type }) => {
    return `<li style="--color: ${color}; --line: ${type}">${label}</li>`;
  });
  return `<ul class="legend">\n${entries.join('\n')}\n</ul>`;
}

/** @param {string} title @param {string} svg @param {string} description for those who do not see it */
export function chartFigure(title, svg, description) {
  return `<figure><figcaption>${title}</figcaption><div role="img" aria-label="${description}">${svg}</div></figure>`;
}

/** @param {import('./pictures.js').PictureRow} row */
export function pictureRow({ title, pictures }) {
  const figures = pictures.map(({ caption, src }) => {
    return `<figure><img src="${src}" alt="${title}, ${caption}"><figcaption>${caption}</figcaption></figure>`;
  });
  return `<div class="pictures"><h3>${title}</h3>${figures.join('')}</div>`;
}
