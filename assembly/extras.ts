/**
 * The exports of extras.wasm: pure functions, as in kernel.ts. The module is loaded on first use. Three modules instead
 * of one keep each under 4096 bytes, the most that every browser compiles synchronously.
 */
export { applyMask } from "./apply";
export { fused } from "./fused";
