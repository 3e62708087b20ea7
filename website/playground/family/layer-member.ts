/** Layers as members: the class, its options and the shape of x say all. */
import type { Layer } from 'dropout-wasm';
import type { Member, Settings } from './member.js';
import { SIDE, TILE, VALUES } from './tiles.js';

interface LayerClass {
  /** Its name. */
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each class has options of its own
  new (amount: number, options: any): Layer;
}

/** What most layers do to the values that they keep. */
const SCALED = 'Kept values are multiplied by 1 / (1 − p), so they become brighter.';

interface Description<N extends string> {
  name: N;
  layer: LayerClass;
  /** Default: the name of the layer. */
  title?: string;
  says: string;
  /** What becomes of kept values; empty where nothing is dropped. Default: they are multiplied by 1 / (1 − p). */
  kept?: string;
  shape: readonly number[];
  /** Default: the side of a tile if the shape has it, else that of the picture. */
  tile?: number;
  options?: (settings: Settings) => object;
  units?: Member['units'];
  isStandardized?: boolean;
  isColorless?: boolean;
  expectedKept?: Member['expectedKept'];
}

export function layerMember<const N extends string>(description: Description<N>): Member & { name: N } {
  const { name, layer: Layer, shape, options = () => ({}) } = description;
  const { title = Layer.type } = description;
  const create = (settings: Settings) => new Layer(settings.p, { ...options(settings), seed: settings.seed });
  const hasMask = 'mask' in Layer.prototype;
  return {
    name,
    title,
    says: `${description.says} ${description.kept ?? SCALED}`.trim(),
    isStandardized: description.isStandardized ?? false,
    isColorless: description.isColorless ?? false,
    expectedKept: description.expectedKept,
    tile: description.tile ?? (shape.includes(TILE) ? TILE : SIDE),
    units: hasMask ? (description.units ?? [VALUES, 'values']) : undefined,
    draw({ x, out, ones, mask }, settings) {
      const it = create(settings);
      it.forward({ data: x, shape }, { data: out, shape });
      if (hasMask) it.backward({ data: ones, shape }, { data: mask, shape });
      else create(settings).forward(ones, mask);
      return mask;
    },
    imports: [Layer.type],
    code(settings) {
      const own = Object.entries(options(settings)).map(([name, value]) => `${name}: ${literal(value)}, `);
      return `const layer = new ${Layer.type}(${settings.p}, { ${own.join('')}seed });
const y = layer.forward({ data: new Float32Array(${VALUES}).fill(1), shape: ${literal(shape)} });
const ${hasMask ? 'kept = layer.mask()' : 'noise = y.data'};`;
    },
  };
}

const literal = (value: unknown) => JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ');
