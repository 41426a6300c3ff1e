// Ten nodes that start at the same time on an empty database: one sets it up, the others wait, and all are of one mind.

import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Cluster } from './cluster.mjs';
import { epochOf } from './ledger.mjs';
import { allReady } from './monitor.mjs';
import { cursorOf, readPages } from './pages.mjs';

export const TOGETHER = 'start ten nodes at once';
const NODES = 10;
/** How long they may take after they said their addresses. */
const READY_MS = 15_000;
const run = promisify(execFile);

/** Runs it; resolves with a line of the report. */
export async function startTogether(binary) {
  const violations = [];
  const began = Date.now();
  const cluster = await Cluster.start({ binary, size: NODES, proxies: false });
  const lasted = Date.now() - began;
  try {
    const { nodes, postgres } = cluster;
    // The bus is waited for in the background.
    const end = Date.now() + READY_MS;
    while (!await allReady(nodes)) {
      if (Date.now() > end) {
        violations.push(`not all nodes were ready within ${READY_MS / 1000} s`);
        break;
      }
      await pause(50);
    }
    const ready = Date.now() - began - lasted;
    const epochs = new Set(await Promise.all(nodes.map(async (node) => epochOf(await cursorOf(node, 'ada')))));
    if (epochs.size !== 1) violations.push(`the nodes know ${epochs.size} marks of one database`);
    const written = await Promise.all(nodes.map((node) =>
      node.http.ask('POST', '/api/activities', { userId: 'ada', type: 'login', title: node.name })));
    const answered = written.filter(({ status }) => status === 201).length;
    if (answered < NODES) violations.push(`${NODES - answered} nodes did not take a write`);
    const shown = await Promise.all(nodes.map((node) => readPages(node, 'ada')));
    const text = new Set(shown.map((pages) => JSON.stringify(pages)));
    if (text.size !== 1 || shown[0].activities.rows.length !== NODES) violations.push('the nodes show different feeds');
    const { stdout } = await run(binary, ['migrate'], {
      cwd: cluster.folder,
      env: { ...process.env, DATABASE_URL: `postgres://postgres@127.0.0.1:${postgres.port}/postgres` },
    });
    if (!/\b0 steps/.test(stdout)) violations.push(`the schema was not up to date: ${stdout.trim()}`);
    return {
      fault: TOGETHER, lasted, answered, unknown: 0, refused: NODES - answered, received: 0, lost: 0,
      doubled: 0, delay: 0, ready, violations, notes: [`all up after ${(lasted / 1000).toFixed(1)} s`],
    };
  } finally {
    await cluster.close();
  }
}
