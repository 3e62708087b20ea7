/** The entries of the package that the API reference describes, and the source files of their types. */
import manifest from '../../package.json' with { type: 'json' };

const targets = Object.entries(manifest.exports).map(
  ([path, target]) => /** @type {const} */ ([path, typeof target === 'string' ? undefined : target.types]),
);

/**
 * From paths of source files to the names that programs import. `dropout-wasm/reference` has no entry of its own: its
 * types are those of `dropout-wasm`, which comes first.
 *
 * @type {Map<string, string>}
 */
export const ENTRIES = new Map();
for (const [path, types] of targets) {
  const source = types?.replace('./dist/', 'src/').replace('.d.ts', '.ts');
  if (source && !ENTRIES.has(source)) ENTRIES.set(source, manifest.name + path.slice(1));
}
