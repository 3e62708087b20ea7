/** Layers, generators and arenas in Vue's state: what a proxy gives has to be what the object gives. */
import { Arena, Dropout, Generator, LockedDropout } from 'dropout-wasm';
import { computed, isProxy, reactive, ref, shallowRef, watchEffect } from 'vue';
import { line } from './entries.js';
import { layer } from './model.js';

const x = Float32Array.of(1, 2, 3, 4);
const HOLDERS = {
  reactive: (object) => reactive({ object }).object,
  ref: (object) => ref(object).value,
  shallowRef: (object) => shallowRef(object).value,
  object: (object) => object,
};

function use(hold) {
  const [dropout, generator, arena] = [new Dropout(0.5, { seed: 42 }), new Generator(42), new Arena({ bytes: 64 })].map(
    hold,
  );
  const locked = hold(new LockedDropout(0.5, { generator }));
  const inArena = arena.float32(4);
  inArena.set(x);
  return [
    dropout.forward(x),
    dropout.backward(x),
    dropout.mask('bytes'),
    dropout,
    JSON.stringify(dropout),
    generator.next(),
    generator.fork('a').seed,
    new Dropout(0.5, { generator }).forward(x),
    locked.forward({ data: x, shape: [1, 2, 2] }).data,
    dropout.forward(inArena).buffer === arena.memory.buffer,
    arena.bytesFree,
  ].join(' ');
}

const expected = use(HOLDERS.object);
for (const [name, hold] of Object.entries(HOLDERS)) {
  const got = use(hold);
  if (got !== expected) throw new Error(`${name}: ${got} instead of ${expected}`);
}
if (!isProxy(HOLDERS.ref(new Dropout(0.5)))) throw new Error('ref made no proxy');

// A template follows the mode.
const state = reactive({ layer: new Dropout(0.5) });
const mode = computed(() => (state.layer.training ? 'training' : 'evaluation'));
const modes = [];
watchEffect(() => modes.push(mode.value), { flush: 'sync' });
state.layer.eval();
if (modes.join() !== 'training,evaluation') throw new Error(`seen: ${modes}`);

if (`${layer.value.forward(x)}` !== '2,0,0,8') throw new Error('other bits in model.js');
console.log(line());
