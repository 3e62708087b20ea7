/**
 * Our layers under the names of TF.js's own.
 * @module
 */
import { AlphaDropout, Dropout, Dropout1d, GaussianDropout, GaussianNoise, register } from './layers.js';

// Classes of their own, so that what was loaded under a name is stored under it again.
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
 * Makes models that were stored with TF.js's (or Keras's) Dropout, SpatialDropout1D, AlphaDropout, GaussianDropout and
 * GaussianNoise load with ours in their places, rate, noise shape and seed included. What `tf.layers.dropout()` and
 * its like make stays TF.js's.
 *
 * Such a model is stored under TF.js's names again: with `replaceBuiltins` it loads with the masks that come next, and
 * without, or where this package is not at hand, with TF.js's own layers, which pass over what they do not know.
 *
 * @example
 * replaceBuiltins();
 * const model = await loadLayersModel('https://example.com/model.json');
 */
export function replaceBuiltins(): void {
  BUILTINS.forEach(register);
}
