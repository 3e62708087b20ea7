/**
 * Writes the API reference from the docstrings in src/, by TypeDoc. A public name without a docstring is an error, and so
 * is a {@link} to nothing.
 */
import { fileURLToPath } from 'node:url';
import { Application, Converter, LogLevel } from 'typedoc';
import { ROOT, SITE } from '../paths.js';
import { ENTRIES } from './entries.js';
import { SiteTheme } from './theme.js';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** @type {import('typedoc').TypeDocOptions} */
const OPTIONS = {
  name: 'dropout-wasm',
  tsconfig: path('tsconfig.json'),
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  // Members that the classes of TensorFlow.js have.
  excludeExternals: true,
  disableSources: true,
  disableGit: true,
  hideGenerator: true,
  githubPages: false,
  theme: 'site',
  customCss: path('style.css'),
  lightHighlightTheme: 'github-light-high-contrast',
  darkHighlightTheme: 'github-dark-high-contrast',
  validation: { notExported: false, invalidLink: true, rewrittenLink: true, notDocumented: true },
  requiredToBeDocumented: [
    'Module',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Property',
    'Method',
    'GetSignature',
    'TypeAlias',
  ],
  logLevel: LogLevel.Warn,
};

/**
 * Reads the docstrings of entries. Faults are printed, and are an error.
 *
 * @param {Map<string, string>} entries from paths in the repository to names of modules
 */
export async function readReference(entries = ENTRIES) {
  const application = await Application.bootstrap({
    ...OPTIONS,
    entryPoints: [...entries.keys()].map((source) => ROOT + source),
  });
  application.renderer.defineTheme('site', SiteTheme);
  // TypeDoc names a module by its file.
  const names = [...entries.values()];
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const [i, module] of (project.children ?? []).entries()) module.name = names[i] ?? module.name;
  });
  const project = await application.convert();
  if (project) application.validate(project);
  const { errorCount, warningCount } = application.logger;
  if (!project || errorCount + warningCount > 0)
    throw new Error(`the docstrings have ${errorCount + warningCount} faults: see above`);
  return { application, project };
}

/** Writes the reference into the site. */
export async function writeReference() {
  const { application, project } = await readReference();
  await application.generateDocs(project, `${SITE}api`);
}
