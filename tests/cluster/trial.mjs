// One fault: people read and write, the fault comes and goes, everyone comes to rest, and every promise is checked.

import { setTimeout as pause } from 'node:timers/promises';
import {
  checkActive, checkCounter, checkCounts, checkPages, checkReader, longestDelay, some,
} from './checks.mjs';
import { UserLedger } from './ledger.mjs';
import { Monitor, allReady } from './monitor.mjs';
import { activeOf, counterOf, cursorOf, readPages } from './pages.mjs';
import { SocketIoReader, SocketReader, StreamReader, Visitor } from './readers.mjs';
import { Writers } from './writers.mjs';

/** How long after the end of a fault all nodes must be ready by themselves. */
const READY_MS = 30_000;
/** How long everyone may take to connect, and what they wait for to come to rest. */
const CONNECT_MS = 20_000;
/** How long events may be on their way: positions are checked every 15 s. */
const DELIVERY_MS = 25_000;
/** How long a node that was killed may count. */
const ACTIVE_MS = 15_000;
/** How long it is listened for what must not come. */
const LISTEN_MS = 500;
/** How often the reader of each user that moves is cut, in ms: from, to. */
const MOVE_MS = [600, 2_000];
const VISITORS = 2;

export class Trial {
  violations = [];
  /** What is worth saying of this run. */
  notes = [];
  /** What each node must have said it lacks: [node, `database` or `bus`]. */
  lacks = [];
  /** The longest time, in ms, that an event may take. */
  within = Infinity;
  #readers = [];
  #moving = true;

  constructor({ cluster, fault, name, load, times, random }) {
    Object.assign(this, { cluster, fault, name, load, times, random });
    this.ledgers = Array.from({ length: load.users }, (_, index) => new UserLedger(`${name}-user${index + 1}`));
    // What other nodes do not hear of these users, no write of their own shows them.
    cluster.nodes.forEach((node, index) => { this.ledgers.at(-1 - index).only = node; });
  }

  /** Runs it; resolves with a line of the report. */
  async run() {
    const { nodes } = this.cluster;
    const monitor = new Monitor(nodes);
    try {
      await this.#gather();
      const writers = new Writers({ ledgers: this.ledgers, nodes, count: this.load.writers, random: this.random });
      try {
        return await this.#play(monitor, writers);
      } finally {
        await writers.stop();
      }
    } finally {
      this.#moving = false;
      await monitor.stop();
      await Promise.all(this.#readers.map((reader) => reader.stop()));
    }
  }

  async #play(monitor, writers) {
    const { nodes } = this.cluster;
    const movers = this.#readers.filter((reader) => reader.moves).map((reader) => this.#move(reader));
    await pause(this.times.before);
    const began = Date.now();
    await this.fault.run(this);
    const healed = Date.now();
    await this.#join();
    const ready = await this.eventually(READY_MS, () => allReady(nodes));
    const readyAt = Date.now();
    if (!ready) this.violations.push(`not all nodes were ready within ${READY_MS / 1000} s after the fault`);
    await pause(this.times.after);
    await writers.stop();
    this.#moving = false;
    await Promise.all(movers);
    const figures = await this.#check();
    this.#judge({ writers, monitor, readyAt, delay: figures.delay });
    return {
      fault: this.fault.name,
      lasted: healed - began,
      ...writers.counts,
      ...figures,
      ready: readyAt - healed,
      violations: this.violations,
      notes: this.notes,
    };
  }

  /** Readers of every user at each node and one that moves about; others doors for the first two; visitors. */
  async #gather() {
    const { nodes } = this.cluster;
    const starts = await Promise.all(this.ledgers.map(({ user }) => cursorOf(nodes[0], user)));
    this.ledgers.forEach((ledger, index) => {
      const after = { activities: starts[index], notifications: starts[index] };
      const add = (kind, node, more = {}) => this.#add(kind, { ledger, node, after, ...more });
      nodes.forEach((node) => {
        add(SocketReader, node);
        if (index === 0) add(StreamReader, node);
        if (index === 1) add(SocketIoReader, node);
      });
      add(SocketReader, undefined, { moves: true });
    });
    for (const node of nodes) {
      for (let index = 0; index < VISITORS; index += 1) {
        const ledger = new UserLedger(`${this.name}-visitor${index + 1} at ${node.name}`);
        this.#add(Visitor, { ledger, node });
      }
    }
    await this.#allPresent();
  }

  #add(Kind, { ledger, node, after, moves = false }) {
    const name = `${Kind.name} ${moves ? 'that moves' : `at ${node.name}`}`;
    const choose = moves
      ? () => this.random.of(this.cluster.running)
      : () => (node.down ? undefined : node);
    const reader = new Kind({ name, ledger, after, node: choose, random: this.random });
    Object.assign(reader, { moves, home: node });
    this.#readers.push(reader.run());
  }

  /** Those who come later: a page first, then whatever is after its cursor. */
  async #join() {
    await Promise.all(this.ledgers.map(async (ledger) => {
      const node = this.random.of(this.cluster.running);
      const after = await this.eventually(READY_MS, () => cursorOf(node, ledger.user).catch(() => false));
      if (after) this.#add(SocketReader, { ledger, node, after: { activities: after, notifications: after } });
    }));
  }

  async #move(reader) {
    while (this.#moving) {
      await pause(this.random.between(...MOVE_MS));
      reader.cut();
    }
  }

  async #allPresent() {
    const absent = () => this.#readers.filter((reader) => !reader.present && !(reader instanceof StreamReader));
    if (!await this.eventually(CONNECT_MS, () => absent().length === 0)) {
      const names = absent().map((reader) => `${reader.name} of ${reader.ledger.user}`);
      this.violations.push(`not connected: ${some(names)}`);
    }
  }

  /** Waits until `look` gives something; false where that takes longer than `ms`. */
  async eventually(ms, look) {
    const end = Date.now() + ms;
    for (;;) {
      const found = await look();
      if (found) return found;
      if (Date.now() > end) return false;
      await pause(50);
    }
  }

  /** The users of open sockets, as far as their clients know. */
  get active() {
    return new Set(this.#readers.filter((reader) => reader.present).map((reader) => reader.ledger.user));
  }

  /** Waits until those who were connected to a node that was ended have noticed it. */
  async noticed(node) {
    const connected = () => this.#readers.some((reader) => reader.home === node && reader.present);
    const all = await this.eventually(CONNECT_MS, () => !connected());
    if (!all) this.violations.push(`${node.name} ended, its sockets did not`);
  }

  /** Waits until every node that runs counts exactly those who are active. */
  async checkActive() {
    let wrong = [];
    const began = Date.now();
    await this.eventually(ACTIVE_MS - 500, async () => {
      const counts = {};
      for (const node of this.cluster.running) counts[node.name] = await activeOf(node);
      wrong = checkActive(this.active, counts);
      return wrong.length === 0;
    });
    this.violations.push(...wrong.map((what) => `${what}, after ${ACTIVE_MS / 1000} s`));
    return Date.now() - began;
  }

  async #check() {
    await this.#allPresent();
    await this.#settle();
    const { nodes } = this.cluster;
    const shown = new Map();
    for (const ledger of this.ledgers) {
      const byNode = {};
      for (const node of nodes) byNode[node.name] = await this.#pages(node, ledger.user);
      this.violations.push(...checkPages(ledger, byNode));
      for (const node of nodes) {
        const wrong = checkCounter(ledger, await counterOf(node, ledger.user));
        this.violations.push(...wrong.map((what) => `${what} (${node.name})`));
      }
      shown.set(ledger, byNode[nodes[0].name]);
    }
    const figures = await this.#checkReaders(shown);
    await this.checkActive();
    return figures;
  }

  /** The pages of a user at rest; a node that does not show them at once is in the wrong, and asked again. */
  async #pages(node, user) {
    let failed;
    const pages = await this.eventually(READY_MS, () => readPages(node, user).catch((error) => { failed = error; }));
    if (failed) this.violations.push(`though all nodes said they were ready: ${failed.message}`);
    if (!pages) throw failed;
    return pages;
  }

  /** Waits until the histories stand still, at the same cursor on every node. */
  async #settle() {
    let before;
    const standing = await this.eventually(DELIVERY_MS, async () => {
      const cursors = await Promise.all(this.ledgers.map(({ user }) =>
        Promise.all(this.cluster.nodes.map((node) => cursorOf(node, user).catch(() => undefined)))));
      const now = cursors.every((ofUser) => new Set(ofUser).size === 1) && JSON.stringify(cursors);
      const still = now && now === before;
      before = now;
      await pause(LISTEN_MS);
      return still;
    });
    if (!standing) this.violations.push('the cursors of the nodes do not come to agree');
  }

  /** Every reader against the pages of its user. */
  async #checkReaders(shown) {
    const readers = this.#readers.filter((reader) => shown.has(reader.ledger));
    const check = (reader) => reader.feeds.map((feed) =>
      checkReader(reader.ledger, feed, shown.get(reader.ledger)[feed], {
        name: reader.name, start: reader.start[feed], heard: reader.heard[feed],
      }));
    const counts = (reader) =>
      (reader instanceof SocketReader ? checkCounts(reader.ledger, shown.get(reader.ledger), reader) : []);
    const done = (reader) => check(reader).every(({ missing }) => missing.length === 0) && counts(reader).length === 0;
    await this.eventually(DELIVERY_MS, () => readers.every(done));
    // What comes twice comes late.
    await pause(LISTEN_MS);
    const figures = { received: 0, lost: 0, doubled: 0, delay: 0 };
    for (const reader of readers) {
      this.violations.push(...counts(reader));
      check(reader).forEach(({ missing, doubled, violations }, index) => {
        const feed = reader.feeds[index];
        figures.received += reader.heard[feed].length;
        figures.lost += missing.length;
        figures.doubled += doubled.length;
        const { startedAt } = reader;
        const delay = longestDelay(reader.ledger, feed, { startedAt, heard: reader.heard[feed] });
        figures.delay = Math.max(figures.delay, delay);
        this.violations.push(...violations);
        if (missing.length > 0) {
          this.violations.push(`${reader.name}, ${feed} of ${reader.ledger.user}: never heard ${some(missing)}`);
        }
      });
    }
    return figures;
  }

  /** What was seen along the way. */
  #judge({ writers, monitor, readyAt, delay }) {
    this.violations.push(...writers.violations, ...monitor.violations);
    this.violations.push(...this.#readers.flatMap((reader) => reader.violations));
    const late = writers.failures.filter(({ sentAt }) => sentAt > readyAt);
    if (late.length > 0) {
      const list = late.map(({ how, outcome, failed }) => `${how} (${failed ?? outcome})`);
      this.violations.push(`not carried out though all nodes said they were ready: ${some(list)}`);
    }
    for (const [node, what] of this.lacks) {
      const said = monitor.lacked.get(node)?.has(what);
      if (!said) this.violations.push(`${node.name} never said that it lacks its ${what}`);
    }
    if (delay > this.within) this.violations.push(`an event took ${delay} ms, more than ${this.within} ms`);
  }
}
