/**
 * The page of the `tfjs` section: the functions of `tfjs-cases.js` as a global object, `MEASURES`.
 */
// @ts-expect-error build/tfjs has the GPU backends, which the root does not depend on.
import '@tensorflow/tfjs-backend-webgl';
// @ts-expect-error the same
import '@tensorflow/tfjs-backend-webgpu';
import { MEASURES } from './tfjs-cases.js';

Object.assign(globalThis, { MEASURES });
