import { Dropout } from 'dropout-wasm';
import { Dropout as InferenceDropout } from 'dropout-wasm/inference';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { onnxDropout } from 'dropout-wasm/onnx';
import * as reference from 'dropout-wasm/reference';
import { SharedArena } from 'dropout-wasm/threads';
import 'dropout-wasm/tfjs';
import 'dropout-wasm/tfjs/inference';

export { Dropout, InferenceDropout, monteCarlo, onnxDropout, reference, SharedArena };
