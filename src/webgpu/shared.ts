/**
 * What the modules of this entry take from the main entry. They import it from here, since a bundler repeats the import
 * of another package for each module that has one.
 * @module
 */
// By name, since bundlers keep all of a namespace that is destructured: 10 KB.
import { Dropout, internals } from 'dropout-wasm';

export { Dropout };
export const { brandOf, checkDraws, checkOptions, checkWhole, isOptions, wrongType, wrongValue } = internals;
