/**
 * dropout-wasm/inference: the layers for programs that only evaluate. They pass their input through, contain no
 * WebAssembly, and refuse to train.
 * @module
 */
import type { Input, Like, Result } from '../core/tensor.js';

type Out<X extends Input> = Like<X> | { training?: boolean; out?: Like<X> };

interface Stored {
  p?: number;
  stddev?: number;
  always?: boolean;
}

function refuse(training: unknown): void {
  if (training) throw new Error('dropout-wasm/inference only evaluates: train with dropout-wasm');
}

/** Any layer of dropout-wasm, in evaluation mode. */
export class Dropout {
  /** Always false. */
  readonly training = false;

  /** Takes the arguments of the layer of this name in dropout-wasm. @throws Error for `always: true` */
  constructor(
    /** The first argument: p, or stddev for GaussianNoise. */
    readonly p?: number,
    options: { always?: boolean } = {},
  ) {
    refuse(options.always);
  }

  /** @returns x itself, or `out` with a copy of x; @throws Error for `{ training: true }` */
  forward<X extends Input>(x: X, outOrOptions: Out<X> = {} as Out<X>): Result<X> {
    const options = outOrOptions as { training?: boolean; out?: Like<X>; data?: unknown };
    refuse(options.training);
    const out = ArrayBuffer.isView(outOrOptions) || options.data ? (outOrOptions as Like<X>) : options.out;
    if (!out) return x as unknown as Result<X>;
    const data = (of: Input) => (ArrayBuffer.isView(of) ? of : of.data);
    data(out as Input).set(data(x));
    return out as unknown as Result<X>;
  }

  /** @throws Error unless mode is false */
  train(mode = true): this {
    refuse(mode);
    return this;
  }

  /** Does nothing: the layer is always in evaluation mode. */
  eval(): this {
    return this;
  }

  /** Does nothing: in evaluation LockedDropout has no mask to discard. */
  reset(): void {}

  /** Restores a layer from the output of dropout-wasm's `toJSON`. @throws Error if its `always` is true */
  static fromJSON(json: Stored): Dropout {
    return new Dropout(json.p ?? json.stddev, json);
  }
}

export {
  Dropout as AlphaDropout,
  Dropout as Dropout1d,
  Dropout as Dropout2d,
  Dropout as Dropout3d,
  Dropout as DropBlock2d,
  Dropout as DropPath,
  Dropout as FeatureAlphaDropout,
  Dropout as GaussianDropout,
  Dropout as GaussianNoise,
  Dropout as LockedDropout,
};

/** Restores layers from the output of dropout-wasm's `layersToJSON`. @throws Error if a layer's `always` is true */
export const layersFromJSON = ({ layers }: { layers: Stored[] }): Dropout[] =>
  layers.map((json) => Dropout.fromJSON(json));
