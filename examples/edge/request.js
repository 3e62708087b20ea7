/** Reads the requests of clients and other isolates, and refuses bad ones. */

/** The pixels of an image. */
export const PIXELS = 784;

export const MAX_SAMPLES = 1000;
const DEFAULT_SAMPLES = 100;

/** An image in JSON takes 20 KB if each pixel has 17 digits and as many characters of whitespace. */
const MAX_BODY = 65_536;

/** ms within which a body has to arrive. */
const BODY_TIME = 10_000;

/** @typedef {{ pixels: Float32Array<ArrayBuffer>, samples: number, seed: bigint }} Task pixels are from 0 to 1 */

/** An answer that says what is wrong with the request. */
export class RequestError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Record<string, string>} [headers]
   */
  constructor(status, message, headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Reads the image, the number of samples and the seed, which is random by default.
 *
 * @param {Request} request
 * @param {URLSearchParams} query has to be empty if the body is JSON, which holds all fields
 * @returns {Promise<Task>}
 * @throws {RequestError}
 */
export async function readTask(request, query) {
  const type = contentTypeOf(request);
  if (type === 'application/json') {
    checkNames(query.keys(), [], 'query parameter');
    const fields = parseJson(await readBody(request));
    checkNames(Object.keys(fields), ['pixels', 'samples', 'seed'], 'field');
    const { samples = DEFAULT_SAMPLES, seed = randomSeed() } = fields;
    return { pixels: readPixels(fields.pixels), samples: checkWhole('samples', samples, 1), seed: readSeed(seed) };
  }
  if (type === 'application/octet-stream') {
    const { samples = String(DEFAULT_SAMPLES), seed = randomSeed() } = readQuery(query, ['samples', 'seed']);
    const task = { samples: checkWhole('samples', numberIn(samples), 1), seed: readSeed(seed) };
    const bytes = checkLength(await readBody(request), PIXELS, 'a byte from 0 to 255 for each pixel');
    return { pixels: Float32Array.from(bytes, (byte) => byte / 255), ...task };
  }
  throw new RequestError(415, `Content-Type has to be application/json or application/octet-stream, but got "${type}"`);
}

/**
 * A range of the samples of a task as a request to another isolate, which `readRange` reads.
 *
 * @param {Pick<Task, 'pixels' | 'seed'>} task
 * @param {{ from: number, to: number }} range
 * @param {string} model
 * @param {AbortSignal} signal
 */
export function rangeRequest({ pixels, seed }, { from, to }, model, signal) {
  // The host does not matter: a binding always leads to its isolate.
  return new Request(`http://isolate/?from=${from}&to=${to}&seed=${seed}&model=${model}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: pixels,
    signal,
  });
}

/**
 * @param {Request} request
 * @param {URLSearchParams} query
 * @param {string} model
 * @throws {RequestError}
 */
export async function readRange(request, query, model) {
  if (contentTypeOf(request) !== 'application/octet-stream')
    throw new RequestError(415, 'Content-Type has to be application/octet-stream');
  const fields = readQuery(query, ['from', 'to', 'seed', 'model']);
  const from = checkWhole('from', numberIn(fields.from), 0, MAX_SAMPLES - 1);
  const to = checkWhole('to', numberIn(fields.to), from + 1);
  const seed = readSeed(fields.seed);
  // During a deployment, isolates may have different weights.
  if (fields.model !== model) throw new RequestError(409, 'this isolate has another model');
  const bytes = checkLength(await readBody(request), 4 * PIXELS, 'a float32 for each pixel');
  return { pixels: readPixels(Array.from(new Float32Array(bytes.buffer))), seed, from, to };
}

/**
 * A body as bytes. It is read until it ends, is too large or takes too long, since Content-Length may be missing or
 * wrong.
 *
 * @param {Request | Response} message
 * @param {number} max
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {RequestError}
 */
export async function readBody(message, max = MAX_BODY) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  let length = 0;
  const reader = message.body?.getReader();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    const error = new RequestError(408, `the body has to arrive within ${BODY_TIME / 1000} s`);
    timer = setTimeout(() => reject(error), BODY_TIME);
  });
  try {
    for (;;) {
      const next = await Promise.race([reader?.read(), late]);
      if (!next?.value) break;
      chunks.push(next.value);
      length += next.value.length;
      if (length > max) throw new RequestError(413, `a body has at most ${max} bytes`);
    }
  } catch (error) {
    reader?.cancel().catch(() => {});
    throw error instanceof RequestError ? error : new RequestError(400, 'the body is incomplete');
  } finally {
    clearTimeout(timer);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** @param {Request} request */
function contentTypeOf({ headers }) {
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new RequestError(415, `Content-Encoding "${encoding}" is not supported`);
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(/ *; */);
  const other = parameters.find((parameter) => !/^(charset="?utf-8"?)?$/.test(parameter));
  if (other !== undefined) throw new RequestError(415, `Content-Type with "${other}" is not supported`);
  return type.trim();
}

/**
 * @param {Uint8Array} bytes
 * @returns {Record<string, unknown>}
 */
function parseJson(bytes) {
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RequestError(400, 'the body is not UTF-8');
  }
  let value;
  try {
    value = JSON.parse(
      text,
      /** @type {typeof reviveSeed & ((key: string, value: unknown) => unknown)} */ (reviveSeed),
    );
  } catch (error) {
    // The stack overflows in JSON that is nested thousands of times.
    if (error instanceof RangeError) throw new RequestError(422, 'the body is nested too deeply');
    throw new RequestError(400, `the body is not JSON: ${/** @type {Error} */ (error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RequestError(422, `the body has to be an object with pixels, but got ${format(value)}`);
  return value;
}

/**
 * Keeps the digits of a seed above 2^53, which a number would round.
 *
 * @param {string} key
 * @param {unknown} value
 * @param {{ source?: string }} [context] missing in Node 20
 */
function reviveSeed(key, value, context) {
  const source = context?.source ?? '';
  return key === 'seed' && !Number.isSafeInteger(value) && /^\d+$/.test(source) ? source : value;
}

/**
 * @param {URLSearchParams} query
 * @param {string[]} known
 * @returns {Record<string, string | undefined>}
 */
function readQuery(query, known) {
  checkNames(query.keys(), known, 'query parameter');
  return Object.fromEntries(query);
}

/**
 * @param {Iterable<string>} names
 * @param {string[]} known
 * @param {string} what
 */
export function checkNames(names, known, what) {
  const seen = new Set();
  for (const name of names) {
    const list = known.join(', ') || 'none';
    if (!known.includes(name)) throw new RequestError(422, `unknown ${what} ${format(name)}. Known: ${list}`);
    if (seen.has(name)) throw new RequestError(422, `${what} ${name} is given twice`);
    seen.add(name);
  }
}

/** @param {unknown} value */
function readPixels(value) {
  if (!Array.isArray(value) || value.length !== PIXELS) {
    const got = Array.isArray(value) ? `an array of ${value.length}` : format(value);
    throw new RequestError(422, `pixels has to be an array of ${PIXELS} numbers, row by row, but got ${got}`);
  }
  const wrong = value.findIndex((pixel) => !(typeof pixel === 'number' && pixel >= 0 && pixel <= 1));
  if (wrong >= 0) {
    const remedy = value[wrong] > 1 && value[wrong] <= 255 ? ': divide by 255' : '';
    const got = `${format(value[wrong])}${remedy}`;
    throw new RequestError(422, `pixels[${wrong}] has to be a number from 0 to 1, but got ${got}`);
  }
  return Float32Array.from(value);
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {number} length @param {string} what */
function checkLength(bytes, length, what) {
  if (bytes.length !== length)
    throw new RequestError(422, `the body has to have ${length} bytes, ${what}, but got ${bytes.length}`);
  return bytes;
}

/** A number written in digits. Other text stays text, which is refused. @param {string | undefined} text */
const numberIn = (text) => (text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text);

/** @param {string} name @param {unknown} value @param {number} min @param {number} max */
function checkWhole(name, value, min, max = MAX_SAMPLES) {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new RequestError(422, `${name} has to be a whole number from ${min} to ${max}, but got ${format(value)}`);
  return value;
}

/** @param {unknown} value */
function readSeed(value) {
  const isWhole = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  const isText = typeof value === 'string' && /^(\d{1,20}|0x[\da-f]{1,16})$/i.test(value);
  const seed = isWhole || isText ? BigInt(value) : -1n;
  if (seed < 0n || seed >= 2n ** 64n) {
    const remedy = Number(value) > Number.MAX_SAFE_INTEGER ? ': send seeds above 2^53 as text' : '';
    const got = `${format(value)}${typeof value === 'number' ? remedy : ''}`;
    throw new RequestError(422, `seed has to be a whole number from 0 to 2^64 - 1, but got ${got}`);
  }
  return seed;
}

const randomSeed = () => String(crypto.getRandomValues(new BigUint64Array(1))[0]);

/** The start of a value as JSON. @param {unknown} value */
function format(value) {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
