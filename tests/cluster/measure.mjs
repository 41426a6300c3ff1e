// What 1, 2 and 3 nodes carry on this machine: durable writes per second, and the time from sending a write to its
// arrival at subscribers on every node. PostgreSQL, NATS, the nodes and this generator share the same processors, so
// the table says how much of them each took.
//
//   node measure.mjs [BINARY] [--seconds N] [--rate N] [--rounds N]

import { readFileSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_BINARY, endOnSignals } from '../conformance/server.mjs';
import { Cluster } from './cluster.mjs';
import { allReady } from './monitor.mjs';
import { cursorOf } from './pages.mjs';
import { SocketReader } from './readers.mjs';
import { UserLedger } from './ledger.mjs';
import { Random } from './random.mjs';
import { table } from './report.mjs';

const SIZES = [1, 2, 3];
/** Writers that never pause, for the most that can be written. */
const WRITERS = 64;
const USERS = 100;
/** Users whose subscribers are timed, one at each node. */
const FOLLOWED = 20;
const WARM_MS = 2_000;
const TICKS_PER_SECOND = 100;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '8' },
    rate: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
  },
});
const binary = path.resolve(positionals[0] ?? DEFAULT_BINARY);
const [seconds, rate, rounds] = ['seconds', 'rate', 'rounds'].map((name) => {
  const number = Number(values[name]);
  if (number > 0) return number;
  console.error(`--${name} is '${values[name]}', it takes a number above 0`);
  return process.exit(2);
});

/** The fields of /proc/PID/stat after the name in brackets; the first one is the third. */
const fieldsOf = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');

/** Processor time of a process, in seconds. */
function processorTime(pid) {
  const fields = fieldsOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Processor time of PostgreSQL and of its processes that are there now. */
function postgresTime({ folder }) {
  const postmaster = readFileSync(path.join(folder, 'postmaster.pid'), 'utf8').split('\n')[0];
  const children = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && fieldsOf(pid)[1] === postmaster;
    } catch {
      return false;
    }
  });
  return [postmaster, ...children].reduce((sum, pid) => sum + processorTime(pid), 0);
}

/** Processor time of all processors since the start of the machine, without what was idle, in seconds. */
function machineTime() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split('\n')[0]
    .split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

function usage(cluster) {
  const own = process.cpuUsage();
  return {
    nodes: cluster.nodes.reduce((sum, node) => sum + processorTime(node.pid), 0),
    postgres: postgresTime(cluster.postgres),
    nats: processorTime(cluster.nats.child.pid),
    generator: (own.user + own.system) / 1e6,
    machine: machineTime(),
  };
}

/** What each took from `before` to `after`, in percent of one processor; others are whatever else this machine does. */
function shares(before, after, elapsed) {
  const share = (name) => Math.round(((after[name] - before[name]) * 100) / elapsed);
  const [nodes, postgres, nats, generator] = ['nodes', 'postgres', 'nats', 'generator'].map(share);
  return { nodes, postgres, nats, generator, others: share('machine') - nodes - postgres - nats - generator };
}

const write = (node, user, title) =>
  node.http.ask('POST', '/api/activities', { userId: user, type: 'login', title });

/** Writers that never pause; resolves with writes per second and who took how much of the processors. */
async function throughput(cluster) {
  let [running, count, counting] = [true, 0, false];
  const writers = Array.from({ length: WRITERS }, async (_, index) => {
    const node = cluster.nodes[index % cluster.nodes.length];
    for (let serial = index; running; serial += 1) {
      const { status } = await write(node, `writer${serial % USERS}`, 't');
      if (status !== 201) throw new Error(`a write was answered with ${status}`);
      if (counting) count += 1;
    }
  });
  await pause(WARM_MS);
  const [before, began] = [usage(cluster), performance.now()];
  counting = true;
  await pause(seconds * 1_000);
  counting = false;
  const [elapsed, after] = [(performance.now() - began) / 1_000, usage(cluster)];
  running = false;
  await Promise.all(writers);
  return { rate: count / elapsed, shares: shares(before, after, elapsed) };
}

/** Notes when each event came. */
class TimedReader extends SocketReader {
  delays = { here: [], elsewhere: [] };

  hear(feed, item) {
    this.cursors[feed] = item.cursor;
    const [sent, node] = item.title.split(' ');
    this.delays[node === this.at.name.replace(' ', '') ? 'here' : 'elsewhere'].push(performance.now() - Number(sent));
  }
}

/** Writes at a fixed rate, each to one node in turn; resolves with the delays at that node and at the others, in ms. */
async function latency(cluster) {
  const random = new Random(1);
  const readers = [];
  for (let user = 0; user < FOLLOWED; user += 1) {
    const ledger = new UserLedger(`follower${user}`);
    const after = await cursorOf(cluster.nodes[0], ledger.user);
    for (const node of cluster.nodes) {
      const reader = new TimedReader({
        name: 'reader', ledger, node: () => node, after: { activities: after, notifications: after }, random,
      });
      readers.push(Object.assign(reader, { at: node }).run());
    }
  }
  while (!readers.every((reader) => reader.present)) await pause(20);
  await pause(WARM_MS);
  const written = [];
  const [before, began] = [usage(cluster), performance.now()];
  const count = Math.round(seconds * rate);
  for (let serial = 0; serial < count; serial += 1) {
    await pause(Math.max(0, began + (serial * 1_000) / rate - performance.now()));
    const node = cluster.nodes[serial % cluster.nodes.length];
    written.push(write(node, `follower${serial % FOLLOWED}`, `${performance.now()} ${node.name.replace(' ', '')}`));
  }
  const answers = await Promise.all(written);
  const [elapsed, after] = [(performance.now() - began) / 1_000, usage(cluster)];
  const refused = answers.filter(({ status }) => status !== 201).length;
  if (refused > 0) throw new Error(`${refused} writes were not answered with 201`);
  const end = performance.now() + 20_000;
  const heard = () => readers.reduce((sum, { delays: { here, elsewhere } }) => sum + here.length + elsewhere.length, 0);
  while (heard() < count * cluster.nodes.length && performance.now() < end) await pause(20);
  if (heard() !== count * cluster.nodes.length) throw new Error(`${heard()} events were heard`);
  await Promise.all(readers.map((reader) => reader.stop()));
  const delays = (where) => readers.flatMap((reader) => reader.delays[where]).sort((one, other) => one - other);
  return { here: delays('here'), elsewhere: delays('elsewhere'), shares: shares(before, after, elapsed) };
}

/** The value below which `part` of a sorted list lies. */
function quantile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

async function measure(size) {
  const cluster = await Cluster.start({ binary, size, proxies: false });
  try {
    while (!await allReady(cluster.nodes)) await pause(50);
    const most = await throughput(cluster);
    // What was written is on disk before the next part begins.
    await pause(WARM_MS);
    return { size, most, timed: await latency(cluster) };
  } finally {
    await cluster.close();
  }
}

/** The round in which others took least of the processors. */
const quietest = (rows, part) => rows.reduce((best, row) =>
  (row[part].shares.others < best[part].shares.others ? row : best))[part];
const PARTS = ['nodes', 'postgres', 'nats', 'generator', 'others'];
const took = ({ shares: share }) => PARTS.map((name) => share[name]).join(' / ');
const at = (rows, where, part) => quantile(quietest(rows, 'timed')[where], part)?.toFixed(1) ?? '';
const COLUMNS = [
  ['nodes', ([{ size }]) => size],
  ['writes/s', (rows) => Math.round(quietest(rows, 'most').rate)],
  ['all rounds', (rows) => rows.map((row) => Math.round(row.most.rate)).join(', ')],
  ['processors', (rows) => took(quietest(rows, 'most'))],
  [`p50 at ${rate}/s, same node`, (rows) => at(rows, 'here', 0.5)],
  ['p99', (rows) => at(rows, 'here', 0.99)],
  ['p50, another node', (rows) => at(rows, 'elsewhere', 0.5)],
  ['p99', (rows) => at(rows, 'elsewhere', 0.99)],
  ['processors', (rows) => took(quietest(rows, 'timed'))],
];

endOnSignals();
process.setMaxListeners(100);
const bySize = new Map(SIZES.map((size) => [size, []]));
// In turns, so that what else the machine does falls on all of them.
for (let round = 1; round <= rounds; round += 1) {
  for (const size of SIZES) bySize.get(size).push(await measure(size));
}
console.log(`${os.cpus().length} processors (${os.cpus()[0].model.trim()}), ${rounds} rounds of ${seconds} s, of which`
  + ' that counts in which others took least; times in ms from sending to arrival; processors: nodes / PostgreSQL /'
  + ' NATS / generator / others, in percent of one\n');
console.log(table(COLUMNS, [...bySize.values()]));
process.exit(0);
