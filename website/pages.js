/** The pages that are written in Markdown, in the order of the list beside them. */

/**
 * @typedef {object} Page
 * @property {string} source path in the repository
 * @property {string} address path in the site
 * @property {string} title
 * @property {string} about one sentence
 */

/** @type {{ name: string, pages: Page[] }[]} */
export const GROUPS = [
  {
    name: 'Start',
    pages: [
      page('README.md', 'Overview', 'What the package does, with a short example of each part.', 'overview'),
      page('docs/install.md', 'Install', 'Settings for runtimes, bundlers, test runners and CDNs.'),
      page('docs/coming-from.md', 'Coming from PyTorch, Keras, TF.js, JAX', 'Their calls, ours, and what differs.'),
      page('docs/training.md', 'A training loop on arrays', 'A network with dropout, trained without a framework.'),
    ],
  },
  {
    name: 'Guides',
    pages: [
      page('docs/layers.md', 'Layers', 'Shapes, formulas, options and an example of every layer.'),
      page('docs/uncertainty.md', 'Uncertainty', 'Monte-Carlo dropout: means, spread, entropy and calibration.'),
      page('docs/reproducibility.md', 'Reproducibility', 'Seeds, keys, resuming, slices, and the stream in NumPy.'),
      page('docs/threads.md', 'Threads', 'Large calls on several threads, with the same bits.'),
      page('docs/webgpu.md', 'WebGPU', 'The same masks, and dropout, on the buffers of a GPU.'),
      page('docs/machines.md', 'Many machines', 'One model or one run on several machines.'),
      page('docs/tfjs.md', 'TensorFlow.js', 'The layers in TensorFlow.js models, on every backend.'),
      page('docs/onnx.md', 'ONNX', 'Dropout in ONNX Runtime, and the ONNX operator.'),
    ],
  },
  {
    name: 'Examples',
    pages: [
      example('workers', 'Uncertainty on workers', 'Monte-Carlo dropout on the workers of a page or of Node.'),
      example('edge', 'Uncertainty at the edge', 'An HTTP service on workerd and Deno.'),
      example('queue', 'Uncertainty on a queue', 'Samples as jobs of a Redis queue.'),
      example('shards', 'Data-parallel training', 'One training run, split over processes.'),
    ],
  },
  {
    name: 'Reference',
    pages: [
      page('docs/SPEC.md', 'Mask stream', 'The specification: from a key to a mask.', 'spec'),
      page('docs/stream.md', 'Can I trust the stream?', 'Evidence that the masks are random, with its commands.'),
      page('docs/normal-noise.md', 'Normal noise', 'The specification of the normal noise.'),
      page('docs/runtimes.md', 'Runtimes', 'Where the full test suite ran, and the digest it gave.'),
      page('docs/benchmarks.md', 'Benchmarks', 'Every peer and every runtime, in one run of one command.'),
      page('docs/architecture.md', 'Architecture', 'For readers of the source: a map and the decisions.'),
      page('CONTRIBUTING.md', 'Contributing', 'Commands, tests, and how to add a layer.', 'contributing'),
      page('SECURITY.md', 'Security', 'What the package protects against, and what it does not.', 'security'),
      page(
        'AGENTS.md',
        'For coding assistants',
        'The names, the rules and the mistakes to avoid, on one page.',
        'agents',
      ),
      page('CHANGELOG.md', 'Changelog', 'What changed in each version.', 'changelog'),
    ],
  },
];

/** @type {Page} */
export const TOUR = {
  source: 'website/tour.md',
  address: 'tour.html',
  title: 'Dropout from scratch',
  about: 'Dropout built by hand, step by step, and why it works.',
};

/** All pages that are written in Markdown. */
export const PAGES = [TOUR, ...GROUPS.flatMap(({ pages }) => pages)];

/**
 * @param {string} source
 * @param {string} title
 * @param {string} about
 * @param {string} [name] of the file in docs/ of the site
 * @returns {Page}
 */
function page(source, title, about, name = source.replace(/^docs\/|\.md$/g, '')) {
  return { source, address: `docs/${name}.html`, title, about };
}

/**
 * @param {string} folder in examples/
 * @param {string} title
 * @param {string} about
 */
function example(folder, title, about) {
  return page(`examples/${folder}/README.md`, title, about, `example-${folder}`);
}
