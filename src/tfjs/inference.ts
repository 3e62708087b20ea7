/**
 * dropout-wasm/tfjs/inference: for programs that only evaluate models with layers of dropout-wasm/tfjs. Importing this
 * entry makes `loadLayersModel` load those layers as layers that pass their input through. They keep their whole
 * configuration, so a model that is stored again continues in dropout-wasm/tfjs. It exports nothing.
 *
 * Training, a stored `always: true` and `training: true` at a node of a model are errors. Where dropout-wasm/tfjs is
 * imported too, earlier or later, models load with its layers.
 * @module
 */
import { serialization, type Tensor } from '@tensorflow/tfjs-core';
import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';

type Inputs = Tensor | Tensor[] | SymbolicTensor | SymbolicTensor[];
type Kwargs = { training?: boolean | null };

const { classNameMap } = serialization.SerializationMap.getMap();

class PassThrough extends layers.Layer {
  declare private stored: serialization.ConfigDict;

  /** @throws Error for a layer that is active in evaluation */
  constructor({ customObjects, ...stored }: serialization.ConfigDict) {
    super(stored);
    this.stored = stored;
    this.supportsMasking = true;
    refuse(stored.always, `${this.name} is stored with always: true`);
  }

  /** Checks symbolic inputs too, which never reach `call`. */
  override apply(inputs: Inputs, kwargs?: Kwargs): ReturnType<layers.Layer['apply']> {
    this.call(inputs, kwargs);
    return super.apply(inputs, kwargs);
  }

  override call(inputs: Inputs, kwargs?: Kwargs): Tensor {
    refuse(kwargs?.training, `${this.name} is called with training: true`);
    const [x, ...others] = [inputs].flat();
    if (others.length) throw new TypeError(`${this.name} takes a single tensor`);
    return x as Tensor;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...this.stored, ...super.getConfig() };
  }
}

function refuse(mode: unknown, state: string): void {
  if (mode) throw new Error(`${state}, but dropout-wasm/tfjs/inference only evaluates: import dropout-wasm/tfjs`);
}

for (const name of [
  'Dropout',
  'Dropout1d',
  'Dropout2d',
  'Dropout3d',
  'AlphaDropout',
  'FeatureAlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'DropPath',
  'DropBlock2d',
  'LockedDropout',
]) {
  const className = `${name}Wasm`;
  if (!classNameMap[className])
    serialization.registerClass(
      class extends PassThrough {
        static className = className;
      } as never,
    );
}
