/**
 * The export of kernel.wasm: a pure function of pointers and numbers that works on the imported memory. Pointers are
 * byte addresses of any alignment, dst may be src, and nothing is written outside the result.
 */
export { dropout } from "./dropout";
