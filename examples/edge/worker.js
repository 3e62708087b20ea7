/**
 * The digit classifier as a Worker: for workerd and Cloudflare, and for `deno serve`.
 *
 *   GET /          what to send
 *   POST /predict  an image → its digit, with its uncertainty
 */
import { compute, modelName, predict } from './isolates.js';
import { checkNames, MAX_SAMPLES, PIXELS, RequestError, readRange, readTask } from './request.js';

const USAGE = {
  'POST /predict': {
    'application/json': {
      pixels: `${PIXELS} numbers from 0 (paper) to 1 (ink), row by row`,
      samples: `1 to ${MAX_SAMPLES}, default 100`,
      seed: '0 to 2^64 - 1, as a number or text, default random',
    },
    'application/octet-stream': `${PIXELS} bytes from 0 to 255; samples and seed are query parameters`,
    answer: 'JSON, or with Accept: application/octet-stream the bytes of the result',
  },
};

/** The public entrypoint. The env that `deno serve` passes has no bindings. */
export default {
  /** @param {Request} request @param {Record<string, unknown>} [env] */
  fetch: (request, env) =>
    answer(request, async () => {
      const { pathname, searchParams } = new URL(request.url);
      switch (pathname) {
        case '/':
          checkMethod(request, 'GET', 'HEAD');
          checkNames(searchParams.keys(), [], 'query parameter');
          return new Response(`${JSON.stringify(USAGE, null, 2)}\n`, {
            headers: { 'content-type': 'application/json' },
          });
        case '/predict':
          checkMethod(request, 'POST');
          return predictionFor(request, searchParams, isolatesIn(env));
        default:
          throw new RequestError(404, `there is nothing at ${pathname.slice(0, 80)}: POST /predict`);
      }
    }),
};

/**
 * Computes a range of samples for another isolate. Only service bindings reach a named entrypoint; nevertheless, no
 * request makes it compute more than `MAX_SAMPLES`, or ask other isolates.
 */
export const range = {
  /** @param {Request} request */
  fetch: (request) =>
    answer(request, async () => {
      checkMethod(request, 'POST');
      const { from, to, ...task } = await readRange(request, new URL(request.url).searchParams, await modelName());
      return octets(await compute(task, { from, to }, request.signal));
    }),
};

/**
 * The bindings ISOLATE_1, ISOLATE_2 …, which decide how many isolates share the samples.
 *
 * @param {Record<string, unknown>} env
 */
function isolatesIn(env = {}) {
  const names = Object.keys(env).filter((name) => name.startsWith('ISOLATE_'));
  return names.sort().map((name) => /** @type {import('./isolates.js').Isolate} */ (env[name]));
}

/** @param {Request} request @param {URLSearchParams} query @param {import('./isolates.js').Isolate[]} isolates */
async function predictionFor(request, query, isolates) {
  const task = await readTask(request, query);
  const started = performance.now();
  const result = await predict(task, isolates, request.signal);
  // On Cloudflare the clock stands still while a Worker computes, so 0 means unknown.
  const ms = performance.now() - started || null;
  const seed = String(task.seed);
  if (prefersBytes(request.headers.get('accept') ?? '')) return octets(result, { 'x-seed': seed });
  const probabilities = Array.from(result.mean);
  return json({
    digit: probabilities.indexOf(Math.max(...probabilities)),
    probabilities,
    // One sample has no standard deviation.
    std: task.samples > 1 ? Array.from(result.std) : undefined,
    entropy: result.entropy[0],
    mutualInformation: result.mutualInformation[0],
    samples: task.samples,
    seed,
    ms,
  });
}

/**
 * Whether Accept gives bytes a higher q than JSON. For each of them, the range that names it most closely counts.
 *
 * @param {string} accept
 */
function prefersBytes(accept) {
  const ranges = accept.toLowerCase().split(',');
  const weights = new Map(
    ranges.map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
      const q = parameters.find((parameter) => parameter.startsWith('q='));
      return [type, q ? Number(q.slice(2)) : 1];
    }),
  );
  const weightOf = (/** @type {string} */ type) =>
    weights.get(type) ?? weights.get('application/*') ?? weights.get('*/*') ?? 0;
  return weightOf('application/octet-stream') > weightOf('application/json');
}

/** @param {Request} request @param {string[]} allowed */
function checkMethod({ method }, ...allowed) {
  const list = allowed.join(', ');
  if (!allowed.includes(method))
    throw new RequestError(405, `${method} is not allowed here, only ${list}`, { allow: list });
}

/** @param {Request} request @param {() => Promise<Response>} respond */
async function answer({ signal }, respond) {
  try {
    return await respond();
  } catch (error) {
    if (error instanceof RequestError) return json({ error: error.message }, error.status, error.headers);
    // The client does not wait for this answer.
    if (signal.aborted) return json({ error: 'the request was abandoned' }, 499);
    console.error(error);
    return json({ error: 'internal error' }, 500);
  }
}

/** @param {unknown} value @param {number} status @param {Record<string, string>} headers */
function json(value, status = 200, headers = {}) {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** @param {import('./isolates.js').Result} result @param {Record<string, string>} headers */
function octets(result, headers = {}) {
  const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (result.toBytes());
  return new Response(bytes, { headers: { 'content-type': 'application/octet-stream', ...headers } });
}
