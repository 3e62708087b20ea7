/** A `.wasm` import is the file in base64: esbuild's loader of that name, and the plugin in vitest.config.ts. */
declare module '*.wasm' {
  const base64: string;
  export default base64;
}
