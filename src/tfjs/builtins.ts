/**
 * The layers of this package under the names of TF.js's own.
 * @module
 */
import { register } from './layer.js';
import { AlphaDropout, Dropout, Dropout1d, GaussianDropout, GaussianNoise } from './layers.js';

// Subclasses, so that a layer loaded under one of these names is stored under that name again.
const BUILTINS = [
  class extends Dropout {
    static override readonly className = 'Dropout';
  },
  class extends Dropout1d {
    static override readonly className = 'SpatialDropout1D';
  },
  class extends AlphaDropout {
    static override readonly className = 'AlphaDropout';
  },
  class extends GaussianDropout {
    static override readonly className = 'GaussianDropout';
  },
  class extends GaussianNoise {
    static override readonly className = 'GaussianNoise';
  },
];

/**
 * Makes stored models load the layers of this package in place of TF.js's (or Keras's) Dropout, SpatialDropout1D,
 * AlphaDropout, GaussianDropout and GaussianNoise, with their rate, noise shape and seed. Layers that
 * `tf.layers.dropout()` and the like create stay TF.js's.
 *
 * The model is stored under TF.js's layer names again. Loaded with `replaceBuiltins`, it continues with the next masks.
 * Loaded without it, or without this package, it gets TF.js's own layers, which ignore the options they do not know.
 *
 * @example
 * replaceBuiltins();
 * const model = await loadLayersModel('https://example.com/model.json');
 */
export function replaceBuiltins(): void {
  BUILTINS.forEach(register);
}
