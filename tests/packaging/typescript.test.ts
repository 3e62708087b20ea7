/** TypeScript compiles programs on the packed package, under every module resolution. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documented, filesOf } from './install-page.js';
import { install, installTool, type Project, run, tool } from './project.js';

let project: Project;
/** The oldest version. */
let oldest: string;
beforeAll(async () => {
  project = await install();
  oldest = join(await installTool(project, 'typescript'), 'node_modules/typescript/bin/tsc');
});
afterAll(() => project?.remove());

const NODE10 = 'node10 and CommonJS';

/** Each module resolution. */
const SETTINGS: Record<string, string[]> = {
  'nodenext, without types of browsers or Node': ['--module', 'nodenext', '--lib', 'es2022'],
  'bundler, with imports as written': [
    ...['--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2022,dom'],
    ...['--isolatedModules', '--verbatimModuleSyntax'],
  ],
  [NODE10]: ['--module', 'commonjs', '--moduleResolution', 'node10'],
};

describe.each([
  ['5.0', () => oldest],
  // The version that @arethetypeswrong/cli brings. Before 5.7 typed arrays have no type parameter.
  ['5.6', () => tool('@arethetypeswrong/core/node_modules/typescript/bin/tsc')],
  ['5.9', () => tool('typescript5/bin/tsc')],
  ['7', () => tool('typescript/bin/tsc')],
])('TypeScript %s', (version, compiler) => {
  const compile = (...args: string[]) => run(process.execPath, [compiler(), '--noEmit', ...args], project.directory);
  const check = (...args: string[]) => compile('--strict', '--target', 'es2022', ...args);

  it.each(Object.entries(SETTINGS).filter(([name]) => version !== '7' || name !== NODE10))(
    'compiles a strict program under %s, checking the declarations of the package too',
    async (_, options) => {
      expect(await check('--skipLibCheck', 'false', ...options, 'consumer.ts')).toBe('');
    },
  );

  it('compiles a program with the TensorFlow.js layers, without checking declarations', async () => {
    expect(await check('--skipLibCheck', '--module', 'nodenext', '--allowJs', '--checkJs', 'tfjs.js')).toBe('');
    expect(await check('--skipLibCheck', '--module', 'nodenext', '--allowJs', '--checkJs', 'tfjs-inference.js')).toBe(
      '',
    );
  });

  const commonJS = ['--module', 'nodenext', '--lib', 'es2022,dom', 'consumer.cts'];
  if (version === '5.0' || version === '5.6')
    it('cannot compile CommonJS under nodenext', async () => {
      await expect(check(...commonJS)).rejects.toThrow(
        documented("TS1471: Module 'dropout-wasm' cannot be imported using this construct"),
      );
    });
  else
    it('compiles CommonJS under nodenext, and ES modules and CommonJS under the tsconfig.json of the docs', async () => {
      expect(await check('--skipLibCheck', 'false', ...commonJS)).toBe('');
      // By another name, since TypeScript 7 takes no files beside a tsconfig.json.
      writeFileSync(join(project.directory, 'docs.json'), filesOf('TypeScript')['tsconfig.json']!);
      expect(await compile('--project', 'docs.json')).toBe('');
    });

  if (version === '7')
    it('has no node10', async () => {
      await expect(check(...SETTINGS[NODE10]!, 'consumer.ts')).rejects.toThrow(
        documented("TS5108: Option 'moduleResolution=node10' has been removed"),
      );
    });
});
