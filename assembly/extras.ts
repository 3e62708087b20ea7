/**
 * The exports of extras.wasm: pure functions, as in kernel.ts. The module is loaded on first use. Splitting the code
 * into three modules keeps each under 4096 bytes, so that every browser compiles it synchronously.
 */
export { applyMask } from "./apply";
export { fused } from "./fused";
