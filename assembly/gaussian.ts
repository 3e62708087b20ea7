/** The export of gaussian.wasm: a pure function, as in kernel.ts. The module is loaded on first use. */
export { noise } from "./noise";
