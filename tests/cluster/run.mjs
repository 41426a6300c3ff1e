// Several nodes under faults, with a check of every promise after each.
//
//   node run.mjs [BINARY] [--short | --long] [--seed N] [--only TEXT | --pick N] [--rounds N] [--logs FOLDER]
//
// Exit code: 0 every promise was kept, 1 not, 2 wrong usage.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_BINARY, Problem, endOnSignals } from '../conformance/server.mjs';
import { Cluster } from './cluster.mjs';
import { FAULTS } from './faults.mjs';
import { TOGETHER, startTogether } from './newcomers.mjs';
import { Random } from './random.mjs';
import { report, told } from './report.mjs';
import { Trial } from './trial.mjs';

const USAGE = `usage: node run.mjs [BINARY] [--short | --long] [--seed N] [--only TEXT | --pick N] [--rounds N] [--logs FOLDER]

  --short        each fault once, in about four minutes (default)
  --long         the full times, several rounds in an order by chance
  --seed N       what is by chance: the order, the nodes, the pauses (default: another one each time)
  --only TEXT    faults whose name holds TEXT
  --pick N       N of the faults, which ones by the seed
  --rounds N     how often each fault comes (default: 1, with --long 3)
  --logs FOLDER  keep what the nodes said there`;

/** Times in ms, and how many take part. */
const SIZES = {
  short: {
    rounds: 1,
    load: { users: 6, writers: 12 },
    times: { before: 1_000, database: 1_500, cut: 6_000, bus: 6_000, frozenBus: 8_000, after: 1_500 },
  },
  long: {
    rounds: 3,
    load: { users: 12, writers: 24 },
    times: { before: 3_000, database: 5_000, cut: 20_000, bus: 20_000, frozenBus: 30_000, after: 4_000 },
  },
};
const NODES = 3;
/** How long all of it may take, by round. */
const BOUND_MS = { short: 10 * 60_000, long: 25 * 60_000 };

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      seed: { type: 'string' },
      only: { type: 'string', default: '' },
      pick: { type: 'string' },
      rounds: { type: 'string' },
      logs: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { help: true };
  const whole = (name, least) => {
    if (values[name] === undefined) return undefined;
    const number = Number(values[name]);
    if (!Number.isSafeInteger(number) || number < least) {
      throw new Error(`--${name} is '${values[name]}', it takes a whole number from ${least}`);
    }
    return number;
  };
  if (positionals.length > 1) throw new Error('give one binary');
  if (values.short && values.long) throw new Error('--short and --long exclude each other');
  if (values.only && values.pick) throw new Error('--only and --pick exclude each other');
  const seed = whole('seed', 0) ?? Math.floor(Math.random() * 2 ** 32);
  const pick = whole('pick', 1);
  const size = values.long ? 'long' : 'short';
  const named = FAULTS.filter(({ name }) => name.includes(values.only));
  const picked = pick === undefined ? named : new Random(seed).shuffled(named).slice(0, pick);
  const faults = named.filter((fault) => picked.includes(fault));
  const newcomers = TOGETHER.includes(values.only);
  if (faults.length === 0 && !newcomers) {
    throw new Error(`no fault is named '${values.only}': ${[TOGETHER, ...FAULTS.map(({ name }) => name)].join(', ')}`);
  }
  return {
    binary: path.resolve(positionals[0] ?? DEFAULT_BINARY),
    faults,
    newcomers,
    logs: values.logs,
    rounds: whole('rounds', 1) ?? SIZES[size].rounds,
    again: pick === undefined ? `--seed ${seed}` : `--seed ${seed} --pick ${pick}`,
    seed,
    size,
  };
}

async function run({ again, binary, faults, newcomers, logs, rounds, seed, size }) {
  if (!existsSync(binary)) throw new Problem(`there is no ${binary}: build it with cargo build, or name another one`);
  console.log(`${NODES} nodes of ${binary}; to repeat this run: ${again}`);
  const bound = setTimeout(() => {
    console.error('FAIL it takes too long');
    process.exit(1);
  }, BOUND_MS[size] * rounds);
  bound.unref();
  const random = new Random(seed);
  const rows = [];
  const done = (row) => {
    rows.push(row);
    console.log(told(row));
  };
  if (newcomers) done(await startTogether(binary));
  if (faults.length > 0) {
    const { load, times } = SIZES[size];
    const cluster = await Cluster.start({ binary, size: NODES });
    try {
      for (let round = 1; round <= rounds; round += 1) {
        for (const fault of size === 'long' ? random.shuffled(faults) : faults) {
          const name = `${round}-${FAULTS.indexOf(fault) + 1}`;
          done(await new Trial({ cluster, fault, name, load, times, random }).run());
        }
      }
    } finally {
      if (logs) cluster.keepLogs(logs);
      await cluster.close();
    }
  }
  clearTimeout(bound);
  console.log(`\n${report(rows)}\n`);
  const violations = rows.reduce((sum, row) => sum + row.violations.length, 0);
  console.log(violations === 0
    ? 'every promise was kept'
    : `${violations} violations; again with: ${again}, and --logs FOLDER for what the nodes said`);
  return violations === 0;
}

let options;
try {
  options = readArguments();
} catch (error) {
  console.error(`${error.message}\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
endOnSignals();
process.setMaxListeners(100);
try {
  process.exit((await run(options)) ? 0 : 1);
} catch (error) {
  console.error(error instanceof Problem ? error.message : error);
  process.exit(1);
}
