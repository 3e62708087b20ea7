/** A program that runs the checks in Node and prints the results as JSON. */
// @ts-expect-error: the bundler makes it.
import * as digits from 'digits';
// @ts-expect-error: onnxruntime-node or onnxruntime-web, from the bundler.
import ort from 'onnxruntime';
import { results, type SettingName } from './checks.js';

console.log(JSON.stringify(await results(process.argv[2] as SettingName, ort, digits)));
