/** Every layer of the package, with what it does to a picture. A test names a layer that is missing here. */
import {
  AlphaDropout,
  DropBlock2d,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  DropPath,
  FeatureAlphaDropout,
  GaussianDropout,
  GaussianNoise,
  LockedDropout,
} from 'dropout-wasm';
import { keptByBlocks } from './blocks.js';
import { dropConnect, residualMember } from './function-members.js';
import { layerMember } from './layer-member.js';
import type { Member } from './member.js';
import { CHANNELS, PIXELS, SIDE, TILE } from './tiles.js';

const ACROSS = SIDE / TILE;
const TILES = ACROSS ** 2;

/** [rows, columns, channels] */
const WHOLE = [SIDE, SIDE, CHANNELS];
/** [tiles, rows, columns, channels]: a batch of 64 small pictures. */
const CUT = [TILES, TILE, TILE, CHANNELS];

const channelsLast = () => ({ channels: 'last' });

const STANDARDIZED = 'x is the picture shifted and divided to have mean 0 and variance 1, which this layer expects.';
const SAME_MOMENTS =
  'All values are then scaled and shifted, so that mean and variance stay 0 and 1 on average. The result is shown ' +
  'in the range of the picture.';

const all = [
  layerMember({
    name: 'dropout',
    layer: Dropout,
    says: 'Each color of each pixel is dropped on its own.',
    shape: WHOLE,
  }),
  layerMember({
    name: 'pixels',
    layer: Dropout,
    title: 'Dropout, by pixel',
    says: 'noiseShape [512, 512, 1]: the colors of a pixel share a draw, so whole pixels turn black.',
    shape: WHOLE,
    options: () => ({ noiseShape: [SIDE, SIDE, 1] }),
    units: [PIXELS, 'pixels'],
    isColorless: true,
  }),
  layerMember({
    name: 'rows',
    layer: Dropout,
    title: 'Dropout, by row',
    says: 'noiseShape [512, 1, 1]: all pixels of a row share a draw.',
    shape: WHOLE,
    options: () => ({ noiseShape: [SIDE, 1, 1] }),
    units: [SIDE, 'rows'],
    isColorless: true,
  }),
  layerMember({
    name: 'columns',
    layer: Dropout,
    title: 'Dropout, by column',
    says: 'noiseShape [1, 512, 1]: all pixels of a column share a draw.',
    shape: WHOLE,
    options: () => ({ noiseShape: [1, SIDE, 1] }),
    units: [SIDE, 'columns'],
    isColorless: true,
  }),
  layerMember({
    name: 'dropout1d',
    layer: Dropout1d,
    says: 'Each row is a sample, a signal of 512 steps with three channels: a row loses whole colors.',
    shape: WHOLE,
    options: channelsLast,
    units: [SIDE * CHANNELS, 'channels'],
  }),
  layerMember({
    name: 'dropout2d',
    layer: Dropout2d,
    says: 'Each tile is a sample, an image with three channels: a tile loses whole colors.',
    shape: CUT,
    options: channelsLast,
    units: [TILES * CHANNELS, 'channels'],
  }),
  layerMember({
    name: 'dropout3d',
    layer: Dropout3d,
    says: 'Each row of tiles is a sample, a clip of eight frames: all frames of a clip lose the same colors.',
    shape: [ACROSS, ACROSS, TILE, TILE, CHANNELS],
    options: channelsLast,
    units: [ACROSS * CHANNELS, 'channels'],
  }),
  layerMember({
    name: 'alpha',
    layer: AlphaDropout,
    says: `${STANDARDIZED} Dropped values become the negative limit of SELU.`,
    kept: SAME_MOMENTS,
    shape: WHOLE,
    isStandardized: true,
  }),
  layerMember({
    name: 'feature-alpha',
    layer: FeatureAlphaDropout,
    says: `${STANDARDIZED} Each tile is a sample: AlphaDropout drops a whole color of it.`,
    kept: SAME_MOMENTS,
    shape: CUT,
    options: channelsLast,
    units: [TILES * CHANNELS, 'channels'],
    isStandardized: true,
  }),
  layerMember({
    name: 'gaussian-dropout',
    layer: GaussianDropout,
    says: 'Nothing is dropped: each value is multiplied by normal noise of mean 1, so black stays black.',
    kept: '',
    shape: WHOLE,
  }),
  layerMember({
    name: 'gaussian-noise',
    layer: GaussianNoise,
    says: 'Nothing is dropped: normal noise is added, to dark and bright values alike. The slider sets its stddev.',
    kept: '',
    shape: WHOLE,
  }),
  layerMember({
    name: 'drop-path',
    layer: DropPath,
    says: 'Each tile is a sample, and whole samples are dropped.',
    shape: CUT,
    units: [TILES, 'samples'],
    isColorless: true,
  }),
  layerMember({
    name: 'drop-block',
    layer: DropBlock2d,
    says: 'Squares of each color are dropped. Squares may overlap, so more than 1 − p is kept.',
    kept: 'Kept values are divided by the fraction that this mask keeps, so they become brighter.',
    shape: WHOLE,
    options: ({ block }) => ({ blockSize: block, channels: 'last' }),
    expectedKept: keptByBlocks,
  }),
  layerMember({
    name: 'locked',
    layer: LockedDropout,
    says: 'The tiles are 64 time steps of one sequence. All steps share one mask: each tile has the same holes.',
    shape: [TILES, 1, TILE * TILE * CHANNELS],
    tile: TILE,
    units: [TILE * TILE * CHANNELS, 'features'],
  }),
  dropConnect,
  residualMember,
] as const;

export type MemberName = (typeof all)[number]['name'];
export const MEMBERS: readonly (Member & { name: MemberName })[] = all;
export const MEMBER_NAMES = all.map(({ name }) => name);

export const memberOf = (name: MemberName): Member => MEMBERS.find((member) => member.name === name)!;
