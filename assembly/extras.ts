/**
 * What extras.wasm exports, loaded when one of them is first asked for: pure functions as in index.ts. Apart from them,
 * as gaussian.wasm is from both, so that each module stays under the 4096 bytes that every browser compiles
 * synchronously.
 */
export { applyMask } from "./apply";
export { fused } from "./fused";
