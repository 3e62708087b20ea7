/**
 * Writes the API reference from the docstrings in src/, by TypeDoc. A public name without a docstring is an error, and
 * so is a {@link} to nothing.
 */
import { fileURLToPath } from 'node:url';
import { Application, Converter, Logger, LogLevel, ReflectionKind } from 'typedoc';
import { ROOT, SITE } from '../paths.js';
import { ENTRIES } from './entries.js';
import { SiteTheme } from './theme.js';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** @type {import('typedoc').TypeDocOptions} */
const OPTIONS = {
  name: 'API reference',
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  // Members that the classes of TensorFlow.js have, and the objects of WebGPU.
  excludeExternals: true,
  externalPattern: ['**/node_modules/**', '**/src/webgpu/types.ts'],
  disableSources: true,
  disableGit: true,
  hideGenerator: true,
  githubPages: false,
  navigation: { includeFolders: false },
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
};

/** Keeps warnings and errors. */
class Faults extends Logger {
  /** @type {string[]} */
  messages = [];

  /**
   * @override
   * @param {string} message
   * @param {LogLevel} level
   */
  log(message, level) {
    super.log(message, level);
    if (level >= LogLevel.Warn) this.messages.push(message);
  }
}

/**
 * Reads the docstrings of entries.
 *
 * @param {object} [from]
 * @param {Map<string, string>} [from.entries] from paths in the repository to names of modules
 * @param {string} [from.tsconfig] of the entries
 * @throws {Error} (as a rejection) that lists the faults
 */
export async function readReference({ entries = ENTRIES, tsconfig = path('tsconfig.json') } = {}) {
  const entryPoints = [...entries.keys()].map((source) => ROOT + source);
  const application = await Application.bootstrap({ ...OPTIONS, tsconfig, entryPoints });
  const faults = new Faults();
  application.logger = faults;
  application.renderer.defineTheme('site', SiteTheme);
  // TypeDoc names a module by its file.
  const names = [...entries.values()];
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const [i, module] of project.getChildrenByKind(ReflectionKind.Module).entries())
      module.name = names[i] ?? module.name;
  });
  const project = await application.convert();
  if (project) application.validate(project);
  const { messages } = faults;
  if (!project || messages.length > 0)
    throw new Error(`${messages.join('\n')}\nthe docstrings have ${messages.length} faults`);
  project.readme = project.getChildrenByKind(ReflectionKind.Module).flatMap(introduction);
  return { application, project };
}

/**
 * What the file of a module says about it, for the first page. Its text begins with the name, which becomes a link.
 *
 * @param {import('typedoc').DeclarationReflection} module
 * @returns {import('typedoc').CommentDisplayPart[]}
 */
function introduction(module) {
  const { name, comment } = module;
  const text = (comment?.summary ?? []).map((part) => ({ ...part, text: part.text.replace(`${name}:`, ':') }));
  return [{ kind: 'text', text: '\n\n' }, { kind: 'inline-tag', tag: '@link', text: name, target: module }, ...text];
}

/** Writes the reference into the site. */
export async function writeReference() {
  const { application, project } = await readReference();
  await application.generateDocs(project, `${SITE}api`);
}
