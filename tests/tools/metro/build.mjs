/** Bundles main.js as a React Native app does: node build.mjs OUTPUT, with package exports or, by --no-exports, not. */
import { createRequire } from 'node:module';
import Metro from 'metro';

const root = import.meta.dirname;
const [entry, out, option] = process.argv.slice(2);
const config = Metro.mergeConfig(await Metro.loadConfig({ cwd: root }), {
  projectRoot: root,
  // Everything that Metro stores stays in this folder.
  fileMapCacheDirectory: root,
  cacheStores: [],
  reporter: { update() {} },
  resolver: {
    useWatchman: false,
    unstable_enablePackageExports: option !== '--no-exports',
    // These two are those of @react-native/metro-config, which brings React Native along.
    resolverMainFields: ['react-native', 'browser', 'main'],
  },
  transformer: {
    babelTransformerPath: createRequire(import.meta.url).resolve('@react-native/metro-babel-transformer'),
  },
});
await Metro.runBuild(config, { entry, out, platform: 'ios', dev: false, minify: false });
