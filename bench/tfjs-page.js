/**
 * The page of the `tfjs` section: `measure(name, options)` runs a function of `tfjs-cases.js`.
 */
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { MEASURES } from './tfjs-cases.js';

Object.assign(globalThis, { MEASURES });
