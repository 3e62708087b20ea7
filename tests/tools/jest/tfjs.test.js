import { Dropout } from 'dropout-wasm/tfjs';
import 'dropout-wasm/tfjs/inference';

test('the layers for TensorFlow.js load', () => {
  expect(new Dropout({ rate: 0.5 }).getConfig().rate).toBe(0.5);
});
