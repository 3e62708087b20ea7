/** The entry dropout-wasm/onnx on both backends. */
import { load, type Package } from './backends.js';

type OnnxEntry = typeof import('../../src/onnx/index.js');

/** `load` empties the registry of modules, so the entry imported next uses the package just loaded. */
async function onnxOn(name: Parameters<typeof load>[0]): Promise<[string, OnnxEntry, Package]> {
  const pkg = await load(name);
  return [name, await import('../../src/onnx/index.js'), pkg];
}

export const onnxEntries = [await onnxOn('wasm-simd'), await onnxOn('reference')];
