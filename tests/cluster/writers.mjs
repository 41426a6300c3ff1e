// Those who write, through REST and GraphQL, to nodes by chance, without regard to what happens to these.

import { setTimeout as pause } from 'node:timers/promises';
import { judge, positionOf } from './ledger.mjs';

/** How long a writer waits after an answer, in ms: from, to. */
const THINK_MS = [10, 60];
const ITEM = 'id title read cursor';
const GRAPHQL = {
  activities: {
    create: `mutation ($user: ID!, $title: String!) {
      createActivity(input: { userId: $user, type: LOG_CREATED, title: $title }) { ${ITEM} } }`,
    read: `mutation ($id: ID!) { markActivityRead(id: $id) { ${ITEM} } }`,
    remove: 'mutation ($id: ID!) { deleteActivity(id: $id) { id } }',
    readAll: 'mutation ($user: ID!) { markAllActivitiesRead(userId: $user) { modifiedCount } }',
  },
  notifications: {
    create: `mutation ($user: ID!, $title: String!) {
      createNotification(input: { userId: $user, type: SYSTEM, title: $title, message: "m" }) { ${ITEM} } }`,
    read: `mutation ($id: ID!) { markNotificationRead(id: $id) { ${ITEM} } }`,
    remove: 'mutation ($id: ID!) { deleteNotification(id: $id) { id } }',
    readAll: 'mutation ($user: ID!) { markAllNotificationsRead(userId: $user) { modifiedCount } }',
  },
  increment: 'mutation ($user: ID!) { incrementStat(userId: $user, statName: LOGS_CREATED) { logsCreated } }',
};
/** What writers do, and how often of a hundred. */
const WHAT = [['create', 68], ['read', 10], ['remove', 7], ['readAll', 5], ['increment', 10]];

export class Writers {
  violations = [];
  /** Creations by what came of them. */
  counts = { answered: 0, unknown: 0, refused: 0 };
  /** Everything that was refused or got no answer: when it was sent, and by which node. */
  failures = [];
  #stopped = false;
  #running = [];
  #serial = 0;

  /**
   * `ledgers` are of the users who are written for. Every other writer stays with one of `nodes`, so that a node that
   * does not answer does not keep all of them; the others go to any. Users with an `only` node are written for there.
   */
  constructor({ ledgers, nodes, count, random }) {
    Object.assign(this, { ledgers, random });
    for (let index = 0; index < count; index += 1) {
      const own = index % 2 === 0 ? [nodes[(index / 2) % nodes.length]] : nodes;
      this.#running.push(this.#write(() => own.filter((node) => !node.down)));
    }
  }

  /** Resolves once every request has its answer, or none. */
  async stop() {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #write(running) {
    while (!this.#stopped) {
      const ledger = this.random.of(this.ledgers);
      const nodes = ledger.only ? [ledger.only].filter((node) => !node.down) : running();
      if (nodes.length > 0) {
        await this[`_${this.random.weighted(WHAT)}`](this.random.of(nodes), ledger, this.#feed());
      }
      await pause(this.random.between(...THINK_MS));
    }
  }

  #feed() {
    return this.random.chance(0.6) ? 'activities' : 'notifications';
  }

  /** Sends it by one of both doors, and notes whatever no answer may be. */
  async #ask(node, { rest: [method, path, body], graphql: [query, variables], expect = 200, kept, what }) {
    const sentAt = Date.now();
    const graphql = this.random.chance(0.5);
    const answer = graphql
      ? await node.http.graphql(query, variables)
      : await node.http.ask(method, `/api${path}`, body);
    const judged = judge(answer, { expect, kept, graphql });
    const how = `${what} by ${graphql ? 'GraphQL' : 'REST'} at ${node.name}`;
    if (judged.violation) this.violations.push(`${how}: ${judged.violation}`);
    if (['refused', 'unknown'].includes(judged.outcome)) {
      this.failures.push({ sentAt, node: node.name, how, outcome: judged.outcome, failed: answer.failed });
    }
    return { ...judged, how };
  }

  async _create(node, ledger, feed) {
    const title = `w${this.#serial += 1}`;
    const { user } = ledger;
    const entry = ledger.creating(feed, title);
    const more = feed === 'activities' ? { type: 'log_created' } : { type: 'system', message: 'm' };
    const { outcome, value } = await this.#ask(node, {
      what: `creating ${title}`,
      rest: ['POST', `/${feed}`, { userId: user, title, ...more }],
      graphql: [GRAPHQL[feed].create, { user, title }],
      expect: 201,
      kept: (item) => item.title === title && idOf(item) !== undefined && item.read === false && Boolean(item.cursor),
    });
    if (outcome === 'answered') {
      Object.assign(entry, { id: idOf(value), position: positionOf(value.cursor), answeredAt: Date.now() });
    }
    entry.outcome = outcome === 'absent' ? 'refused' : outcome;
    this.counts[entry.outcome] += 1;
  }

  async _read(node, ledger, feed) {
    const entry = this.#standing(ledger, feed);
    if (!entry) return;
    entry.readAsked = true;
    const { id } = entry;
    const { outcome, how } = await this.#ask(node, {
      what: `marking ${entry.title}`,
      rest: ['PATCH', `/${feed}/${id}/read`],
      graphql: [GRAPHQL[feed].read, { id }],
      kept: (item) => idOf(item) === id && item.read === true,
    });
    if (outcome === 'answered') entry.readAnswered = true;
    this.#mayBeAbsent(outcome, entry, how);
  }

  async _remove(node, ledger, feed) {
    const entry = this.#standing(ledger, feed);
    if (!entry) return;
    entry.deleteAsked = true;
    const { id } = entry;
    const { outcome } = await this.#ask(node, {
      what: `deleting ${entry.title}`,
      rest: ['DELETE', `/${feed}/${id}`],
      graphql: [GRAPHQL[feed].remove, { id }],
      kept: (answer) => answer.id === id || /deleted$/.test(answer.message),
    });
    if (outcome === 'answered') entry.deleteAnswered = true;
    // Nobody else deletes it, and it was answered.
    if (outcome === 'absent') this.violations.push(`${entry.title} of ${ledger.user} was answered and cannot be found`);
  }

  async _readAll(node, ledger, feed) {
    const all = ledger.readingAll(feed);
    const { user } = ledger;
    const { outcome } = await this.#ask(node, {
      what: `marking all ${feed}`,
      rest: ['PATCH', `/${feed}/${user}/read-all`],
      graphql: [GRAPHQL[feed].readAll, { user }],
      kept: (answer) => Number.isInteger(answer.modifiedCount),
    });
    if (outcome === 'answered') Object.assign(all, { answered: true, endedAt: Date.now() });
  }

  async _increment(node, ledger) {
    const { user, increments } = ledger;
    increments.unknown += 1;
    const { outcome } = await this.#ask(node, {
      what: `raising a counter of ${user}`,
      rest: ['PATCH', `/analytics/${user}/increment`, { statName: 'logsCreated' }],
      graphql: [GRAPHQL.increment, { user }],
      kept: (answer) => answer.logsCreated > 0,
    });
    if (outcome === 'answered') {
      increments.unknown -= 1;
      increments.answered += 1;
    }
  }

  #standing(ledger, feed) {
    const standing = ledger.standing(feed);
    return standing.length > 0 ? this.random.of(standing) : undefined;
  }

  /** Only what somebody tried to delete may be gone. */
  #mayBeAbsent(outcome, entry, how) {
    const odd = outcome === 'absent' && !entry.deleteAsked;
    if (odd) this.violations.push(`${how}: it was answered, and cannot be found`);
  }
}

function idOf(item) {
  return item.id ?? item._id;
}
