// Asks every node all the time whether it is alive and ready, and notes answers that are none.

import { setTimeout as pause } from 'node:timers/promises';

const INTERVAL_MS = 200;

export class Monitor {
  violations = new Set();
  /** By node: what it said it lacks, `database` or `bus`, at any time. */
  lacked = new Map();
  #stopped = false;
  #running;

  constructor(nodes) {
    this.#running = Promise.all(nodes.map((node) => this.#watch(node)));
  }

  async stop() {
    this.#stopped = true;
    await this.#running;
  }

  async #watch(node) {
    while (!this.#stopped) {
      if (!node.down) await Promise.all([this.#health(node), this.#ready(node)]);
      await pause(INTERVAL_MS);
    }
  }

  async #health(node) {
    const answer = await node.http.get('/api/health');
    // Who was asked to end may refuse; who was killed cannot answer.
    if (node.leaving || node.down) return;
    if (answer.status !== 200) this.#say(node, 'health', answer);
  }

  async #ready(node) {
    const answer = await node.http.get('/api/ready');
    if (node.leaving || node.down) return;
    const { status, body } = answer;
    if (status === 200 && body.status === 'ready') return;
    const known = ['unavailable', 'draining', undefined].includes(body?.status);
    if (status !== 503 || !known) this.#say(node, 'ready', answer);
    const lacks = ['database', 'bus'].filter((what) => body?.[what] === 'unavailable');
    // A check that takes longer than a request may take is cut off: then it is the database that does not answer.
    if (body?.code === 'UNAVAILABLE') lacks.push('database');
    this.lacked.set(node, new Set([...this.lacked.get(node) ?? [], ...lacks]));
  }

  #say(node, what, { status, body, failed }) {
    this.violations.add(`/api/${what} of ${node.name}: ${failed ?? `${status} ${JSON.stringify(body).slice(0, 200)}`}`);
  }
}

/** Whether every one of `nodes` says that it is ready. */
export async function allReady(nodes) {
  const answers = await Promise.all(nodes.map((node) => node.http.get('/api/ready')));
  return answers.every(({ status }) => status === 200);
}
