/**
 * What kernel.wasm exports: a pure function of pointers and numbers, on the memory that it is given.
 * Pointers are byte addresses of any alignment; dst may be src, and nothing else is written.
 */
export { dropout } from "./dropout";
