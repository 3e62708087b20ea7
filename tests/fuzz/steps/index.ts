/** The steps of random programs. */
import fc from 'fast-check';
import { badEntry, inferred, large, onnx, sampled, tfjs } from './entries.js';
import { applied, dropBlock, drops, fused, fusedBackward, masks, noise } from './functions.js';
import { arenas, generators } from './generators.js';
import { backward, badJSON, create, forward, json, layerMask, mode, pullback, pulled } from './layers.js';
import { Command, type Kinds, type Model, type Real } from './program.js';
import { backwardOfFused, maskOfDropout, pieces } from './relations.js';

const STEPS: Kinds[] = [
  ...drops,
  ...noise,
  fused,
  fusedBackward,
  dropBlock,
  masks,
  applied,
  create,
  forward,
  backward,
  pullback,
  pulled,
  layerMask,
  mode,
  json,
  badJSON,
  generators,
  arenas,
  pieces,
  backwardOfFused,
  maskOfDropout,
  sampled,
  inferred,
  onnx,
  badEntry,
  tfjs,
  large,
];

/** The labels of all kinds of steps. */
export const LABELS = STEPS.map(([label]) => label);

/**
 * Programs of up to `maxSteps` steps.
 *
 * @param without labels of steps that the caller cannot run
 * @param count called for each step with its label, and with "refused" if it has to throw
 */
export const programs = (
  maxSteps: number,
  without: readonly string[] = [],
  count: (label: string) => void = () => undefined,
): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Real>>> =>
  fc.commands(
    STEPS.filter(([label]) => !without.includes(label)).flatMap(([label, weight, arbitrary]) => {
      const commands = arbitrary.map((draft) => new Command(label, draft, count));
      return new Array(weight).fill(commands);
    }),
    { maxCommands: maxSteps, size: 'max' },
  );
