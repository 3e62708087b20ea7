import { build } from 'esbuild'; import { gzipSync } from 'node:zlib';
const f = async (names)=>{ const r = await build({stdin:{contents:names, resolveDir:'src/tfjs'}, bundle:true, minify:true, format:'esm', target:'es2022', packages:'external', external:['dropout-wasm'], write:false});
return gzipSync(r.outputFiles[0].contents,{level:9}).length};
const base="export { replaceBuiltins } from './builtins.js';export * from './layers.js';export {tfjsPath} from './kernel.js';export { dropout } from './ops.js';";
const rec="export {recurrentDropout,setRecurrentDropout} from './recurrent.js';", tb="export {toBuiltins} from './to-builtins.js';";
const b = await f(base); console.log('base', b, 'recurrent', await f(base+rec)-b, 'toBuiltins', await f(base+tb)-b, 'both', await f(base+rec+tb)-b);
