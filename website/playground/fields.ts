/** The whole state of the page, section by section. Names are those of the address and of the controls. */
import { drawing } from './digits/image.js';
import { MEMBER_NAMES } from './family/members.js';
import { choice, number, type Store, subset } from './store.js';

/** The sections that show something. */
export const SECTIONS = ['network', 'subnetworks', 'uncertainty', 'expectation', 'family', 'digits', 'bits'] as const;
export type SectionName = (typeof SECTIONS)[number];

export const fields = {
  /** Seeds the data, the weights and every mask of the page. */
  seed: number(1, 0, 2 ** 32 - 1, 1),

  // A network with and without dropout
  data: choice('moons', ['moons', 'spirals', 'circles']),
  points: number(60, 10, 200, 2),
  noise: number(0.3, 0, 0.5, 0.01),
  p1: number(0.5, 0, 0.9, 0.05),
  p2: number(0.5, 0, 0.9, 0.05),
  /** Training steps made. */
  steps: number(200, 0, 1000, 1),

  // Sub-networks
  /** The number of the first mask of the strip. */
  firstMask: number(0, 0, 99996, 12),
  /** The chosen mask of the strip. */
  chosenMask: number(0, 0, 11, 1),
  /** The sub-networks whose mean is shown. */
  averaged: number(100, 2, 1000, 1),

  // Uncertainty
  samples: number(100, 10, 1000, 10),
  masks: choice('shared', ['shared', 'own']),
  measure: choice('std', ['std', 'entropy', 'mutualInformation']),
  /** The point whose numbers are shown. */
  x: number(0, -2, 2, 0.05),
  y: number(0, -2, 2, 0.05),

  // Expectation
  p: number(0.5, 0.05, 0.95, 0.05),
  values: choice('ones', ['ones', 'normals']),
  elements: choice('10000', ['1000', '10000', '100000']),
  /** Masks drawn. */
  maskCount: number(200, 2, 1000, 1),

  // Digits
  drawing,
  /** Monte-Carlo samples of the drawing. */
  digitSamples: number(100, 10, 500, 10),

  // All layers on one picture
  layer: choice('dropout', MEMBER_NAMES),
  layerP: number(0.3, 0, 0.95, 0.01),
  block: number(24, 8, 128, 1),
  /** Number of the mask. */
  layerMask: number(1, 0, 1e6, 1),

  /**
   * Left out of the page: sections, the title with its picture and list ("hero"), the seed and link bar ("settings") and
   * what is for teachers.
   */
  hide: subset([...SECTIONS, 'hero', 'settings', 'teachers']),
} as const;

export type State = Store<typeof fields>;
export const FIELD_NAMES = Object.keys(fields) as (keyof typeof fields)[];
