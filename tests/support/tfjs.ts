/** TensorFlow.js on its wasm backend, and helpers for its tests. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { type layers, loadLayersModel, type Sequential } from '@tensorflow/tfjs-layers';

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');

export const valuesOf = (tensor: unknown): number[] => [...(tensor as tf.Tensor).dataSync()];

/** Applies a layer in training mode. */
export const train = (layer: layers.Layer, x: tf.Tensor): tf.Tensor => layer.apply(x, { training: true }) as tf.Tensor;

/** The stored form of a model. Its topology goes through JSON, as it does when saved to a file. */
export async function store(model: Sequential): Promise<tf.io.ModelArtifacts> {
  let stored: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      stored = { ...artifacts, modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return stored;
}

export const restore = async (stored: tf.io.ModelArtifacts): Promise<Sequential> =>
  (await loadLayersModel(tf.io.fromMemory(stored))) as Sequential;

interface StoredLayer {
  class_name: string;
  config: Record<string, unknown>;
}

/** The layers in the topology of a stored model. */
export const storedLayers = ({ modelTopology }: tf.io.ModelArtifacts): StoredLayer[] =>
  (modelTopology as unknown as { config: { layers: StoredLayer[] } }).config.layers;
