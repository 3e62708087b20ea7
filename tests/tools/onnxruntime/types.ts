/** A strict program: sessions and tensors of ONNX Runtime are what `onnxMonteCarlo` takes. */

import type { ClassResult } from 'dropout-wasm/monte-carlo';
import { type OnnxSession, onnxMonteCarlo } from 'dropout-wasm/onnx';
import { prepare } from 'dropout-wasm/onnx/prepare';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';

export async function predict(bytes: Uint8Array): Promise<ClassResult[]> {
  const { model, dropouts } = prepare(bytes);
  const x = new node.Tensor('float32', new Float32Array(8), [2, 4]);
  const options = { samples: 2, kind: 'logits' } as const;
  const inNode = await onnxMonteCarlo(await node.InferenceSession.create(model), dropouts, { x }, options);
  const session: web.InferenceSession = await web.InferenceSession.create(model);
  const inPage = await onnxMonteCarlo(session, JSON.parse('[]'), { x: new web.Tensor('int64', [1n]) }, options);
  for await (const { mean } of onnxMonteCarlo.stream(session, dropouts, { x }, { ...options, every: 2 })) mean.at(0);
  return [inNode, inPage];
}

export const sessionLike = (session: node.InferenceSession): OnnxSession => session;

// @ts-expect-error: a session has names and run.
sessionLike({ inputNames: [] });

// @ts-expect-error: a feed is a tensor, not its elements.
export const arrayFeed = (session: OnnxSession) => onnxMonteCarlo(session, [], { x: [1, 2] }, { samples: 2 });

// @ts-expect-error: the list of dropouts has the layers.
export const withLayers = (session: OnnxSession) => onnxMonteCarlo(session, [], {}, { samples: 2, layers: [] });
