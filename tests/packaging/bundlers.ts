/** Every bundler, with the fewest options needed to bundle one file of a project as a production module. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

export type Bundler = (project: string, from: string, to: string) => Promise<unknown>;

export const BUNDLERS: Record<string, Bundler> = {
  esbuild: (project, from, to) =>
    esbuild.build({
      entryPoints: [join(project, from)],
      outfile: join(project, to),
      bundle: true,
      minify: true,
      format: 'esm',
      logLevel: 'error',
    }),

  async rollup(project, from, to) {
    const warnings: string[] = [];
    const bundle = await rollup({
      input: join(project, from),
      plugins: [nodeResolve()],
      onwarn: ({ message }) => warnings.push(message),
    });
    const { output } = await bundle.generate({ format: 'es' });
    if (warnings.length > 0) throw new Error(warnings.join('\n'));
    // Rollup does not minify.
    const { code } = await esbuild.transform(output[0].code, { minify: true, format: 'esm' });
    mkdirSync(dirname(join(project, to)), { recursive: true });
    writeFileSync(join(project, to), code);
  },

  webpack: (project, from, to) =>
    new Promise((resolve, reject) => {
      webpack(
        {
          mode: 'production',
          context: project,
          entry: `./${from}`,
          target: ['web', 'es2022'],
          experiments: { outputModule: true },
          output: { module: true, path: join(project, to, '..'), filename: basename(to) },
          performance: { hints: false },
        },
        (error, stats) => {
          const problem =
            error ?? (stats!.hasErrors() || stats!.hasWarnings() ? new Error(stats!.toString()) : undefined);
          if (problem) reject(problem);
          else resolve(stats);
        },
      );
    }),

  vite: (project, from, to) =>
    vite.build({
      root: project,
      configFile: false,
      mode: 'production',
      logLevel: 'error',
      build: {
        outDir: join(to, '..'),
        emptyOutDir: false,
        modulePreload: false,
        rollupOptions: { input: join(project, from), output: { entryFileNames: basename(to) } },
      },
    }),
};
