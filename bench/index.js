/**
 * `npm run bench`: dropout-wasm against its peers, all in this one process and run.
 */
import { parseArgs } from 'node:util';
import { PROBABILITIES, ROWS, timeCase } from './comparisons.js';
import { comparison, endProgress, LEGEND, machine, progress } from './report.js';
import { SECTIONS } from './sections.js';

const USAGE = `node bench/index.js [--only NAME]... [--quick] [--json]

  --only NAME  this part only; may be given more than once
  --quick      fewer and shorter rounds: a rough look in half a minute
  --json       the comparisons only, as [{ name, n, p, oursNsPerElement,
               peerNsPerElement, ratio }], where ratio = peer / ours
  --help       this text

comparisons:
  ${names(ROWS).join('\n  ')}
sections:
  ${names(SECTIONS).join('\n  ')}`;

const FULL = { effort: { rounds: 40, turn: 12e6, most: 3e9 }, starts: 21, steps: 10_000 };
const QUICK = { effort: { rounds: 6, turn: 12e6, most: 0.3e9 }, starts: 5, steps: 500 };

/** @param {{ name: string }[]} parts */
function names(parts) {
  return parts.map(({ name }) => name);
}

/** @throws Error that says what is wrong with the command line */
function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const known = names(values.json ? ROWS : [...ROWS, ...SECTIONS]);
  const unknown = values.only?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only has to be one of ${known.join(', ')}, but got ${unknown}`);
  return values;
}

/** @param {ReturnType<typeof options>} options */
async function run({ only, quick, json }) {
  const scale = quick ? QUICK : FULL;
  const wanted = (/** @type {{ name: string }} */ { name }) => only?.includes(name) ?? true;
  const rows = ROWS.filter(wanted);
  const sections = json ? [] : SECTIONS.filter(wanted);
  const print = json ? () => {} : console.log;
  const all = [];

  print(machine());
  if (rows.length > 0) print(`\n${LEGEND}`);
  for (const row of rows) {
    const results = [];
    for (const n of row.sizes) {
      for (const p of PROBABILITIES) {
        progress(`${row.name}, n = ${n.toLocaleString('en')}, p = ${p}`);
        results.push(await timeCase(row, n, p, scale.effort));
      }
    }
    endProgress();
    print(`\n${row.name}: ${row.title}\n${comparison(results)}`);
    all.push(...results);
  }
  for (const section of sections) {
    progress(section.name);
    const text = await section.run(scale);
    endProgress();
    print(`\n${section.name}: ${section.title}\n${text}`);
  }
  if (json) console.log(JSON.stringify(all, undefined, 2));
}

let chosen;
try {
  chosen = options();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exit(1);
}
if (chosen.help) console.log(USAGE);
else await run(chosen);
