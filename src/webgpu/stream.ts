/**
 * What a program of shaders/stream.wgsl gets of a key.
 * @module
 */
import { add, fromNumber, GAMMA, mul, type U64 } from '../core/u64.js';

/** Elements in a block, and the words of their flags. */
export const BLOCK = 4096;
export const BLOCK_WORDS = BLOCK / 32;

const WORDS = fromNumber(17);

/** The state of SplitMix64 before word 0 of a block. */
export const baseOf = (key: U64, block: number): U64 => add(key, mul(fromNumber(block), mul(WORDS, GAMMA)));
