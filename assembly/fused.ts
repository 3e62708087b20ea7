/**
 * The export of fused.wasm: a pure function, as in kernel.ts. The module is loaded on first use. (rows.ts is not the
 * entry itself, because the compiler exports an entry's enums.)
 */
export { fused } from "./rows";
