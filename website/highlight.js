/** Colors for code, given when the site is built: each token has a color for light and one for dark (style.css). */
import { createHighlighter } from 'shiki';

const LANGUAGES = ['js', 'ts', 'json', 'jsonc', 'python', 'sh', 'html', 'yaml'];
const THEMES = { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' };

const highlighter = await createHighlighter({ themes: Object.values(THEMES), langs: LANGUAGES });

/**
 * Code as a `pre` element.
 *
 * @param {string} code
 * @param {string} language as after ``` in Markdown, or the ending of a file's name; plain text if unknown
 */
export const highlight = (code, language) =>
  highlighter.codeToHtml(code.trimEnd(), {
    lang: LANGUAGES.includes(language) ? language : 'text',
    themes: THEMES,
    defaultColor: false,
  });
