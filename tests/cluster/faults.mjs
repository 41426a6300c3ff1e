// What is done to the nodes and to what they need. Each fault is over, and healed, when its `run` ends.

import { setTimeout as pause } from 'node:timers/promises';

/** A node that is asked to end does so within this, whoever is connected. */
const END_MS = 10_000;
/** How long an event takes at most while the bus is away: positions are checked every 15 s. */
const UNHEARD_MS = 20_000;
/** After how long a node must have noticed that the bus does not answer: two pings, 5 s apart, and some. */
const NOTICED_MS = 18_000;

/** Two different nodes by chance. */
function two({ cluster, random }) {
  return random.shuffled(cluster.nodes);
}

async function restartPostgres(trial, how) {
  const { postgres, nodes } = trial.cluster;
  await postgres.stop(how);
  await pause(trial.times.database);
  await postgres.start();
  trial.lacks.push(...nodes.map((node) => [node, 'database']));
}

/** One node without PostgreSQL, by `cut` and `heal` of the proxy between. */
async function cutFromPostgres(trial, cut, heal = 'pass') {
  const [node] = two(trial);
  await node.postgres[cut]();
  await pause(trial.times.cut);
  await node.postgres[heal]();
  trial.notes.push(node.name);
  trial.lacks.push([node, 'database']);
}

/** One node whose NATS says nothing for a while, and goes on after it (`pass`) or has forgotten it (`lose`). */
async function silenceBus(trial, heal) {
  const [node] = two(trial);
  node.bus.stall();
  await pause(trial.times.frozenBus);
  await node.bus[heal]();
  trial.notes.push(node.name);
  if (trial.times.frozenBus > NOTICED_MS) trial.lacks.push([node, 'bus']);
  trial.within = UNHEARD_MS;
}

/** Asks a node to end. */
async function end(trial, node) {
  const { code, signal, ms } = await node.end('SIGTERM');
  trial.notes.push(`${node.name} ended in ${(ms / 1000).toFixed(1)} s`);
  if (code !== 0) trial.violations.push(`${node.name} ended by ${signal ?? `exit code ${code}`}`);
  if (ms > END_MS) trial.violations.push(`${node.name} took ${ms} ms to end`);
}

export const FAULTS = [
  {
    name: 'kill a node',
    async run(trial) {
      const [node] = two(trial);
      await node.end('SIGKILL');
      await trial.noticed(node);
      const ms = await trial.checkActive();
      trial.notes.push(`${node.name}; active users right after ${(ms / 1000).toFixed(1)} s`);
      await node.start();
    },
  },
  {
    name: 'kill NATS',
    async run(trial) {
      const { nats, nodes } = trial.cluster;
      await nats.kill();
      await pause(trial.times.bus);
      await nats.start();
      trial.lacks.push(...nodes.map((node) => [node, 'bus']));
      trial.within = UNHEARD_MS;
    },
  },
  {
    name: 'freeze NATS',
    async run(trial) {
      const { nats, nodes } = trial.cluster;
      nats.signal('SIGSTOP');
      await pause(trial.times.frozenBus);
      nats.signal('SIGCONT');
      if (trial.times.frozenBus > NOTICED_MS) trial.lacks.push(...nodes.map((node) => [node, 'bus']));
      trial.within = UNHEARD_MS;
    },
  },
  { name: 'restart PostgreSQL', run: (trial) => restartPostgres(trial, 'fast') },
  { name: 'crash PostgreSQL', run: (trial) => restartPostgres(trial, 'immediate') },
  { name: 'cut one node from PostgreSQL', run: (trial) => cutFromPostgres(trial, 'drop') },
  { name: 'stall one node\'s PostgreSQL', run: (trial) => cutFromPostgres(trial, 'stall') },
  { name: 'lose one node\'s connections to PostgreSQL', run: (trial) => cutFromPostgres(trial, 'stall', 'lose') },
  {
    name: 'reset all connections',
    async run({ cluster }) {
      for (const node of cluster.nodes) {
        node.postgres.reset();
        node.bus.reset();
      }
    },
  },
  {
    name: 'cut one node from PostgreSQL, another from NATS',
    async run(trial) {
      const [one, other] = two(trial);
      await Promise.all([one.postgres.drop(), other.bus.drop()]);
      await pause(trial.times.cut);
      await Promise.all([one.postgres.pass(), other.bus.pass()]);
      trial.notes.push(`${one.name}, ${other.name}`);
      trial.lacks.push([one, 'database'], [other, 'bus']);
    },
  },
  { name: 'stall one node\'s NATS', run: (trial) => silenceBus(trial, 'pass') },
  { name: 'lose one node\'s connection to NATS', run: (trial) => silenceBus(trial, 'lose') },
  {
    name: 'end a node that waits for PostgreSQL',
    async run(trial) {
      const [node] = two(trial);
      node.postgres.stall();
      await pause(1_000);
      await end(trial, node);
      await node.postgres.lose();
      await node.start();
    },
  },
  {
    name: 'roll all nodes',
    async run(trial) {
      for (const node of trial.cluster.nodes) {
        await end(trial, node);
        await node.start();
      }
    },
  },
];
