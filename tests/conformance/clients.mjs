// Real clients, end to end against a Pulse server: the same story is told through each of them.
//
//   node clients.mjs [BINARY] [--transports ws,sse,multipart] [--only NAME]
//
// Exit code: 0 all passed, 1 not, 2 wrong usage.

import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { adapters, codes } from './adapters.mjs';
import { DEFAULT_BINARY, Problem, endOnSignals, socketUrl, startPulse, token } from './server.mjs';

export const TRANSPORTS = ['ws', 'sse', 'multipart'];

/** How long something may take to arrive. */
const ARRIVAL_MS = 10_000;
/** How long the event of a trial may take before the next trial. */
const TRIAL_MS = 200;
/** How long a short-lived token holds: its end has whole seconds. */
const SHORT_SECONDS = 3;

const COUNT = 'query Count($userId: ID) { unreadActivityCount(userId: $userId) }';
const PAGE = 'query Page($userId: ID) { activities(userId: $userId, limit: 1) { cursor } }';
const CREATE = 'mutation Create($input: CreateActivityInput!) { createActivity(input: $input) { id title } }';
const FOLLOW = `subscription Follow($userId: ID, $after: String) {
  activityCreated(userId: $userId, after: $after) { id title cursor }
}`;

/** What came is not what was to come. */
class Unexpected extends Error {}

function equal(found, expected) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Unexpected(`${one} instead of ${other}`);
}

/** Resolves with what `look` finds; `wake` is told to look again. */
class Waiting {
  #looks = new Set();

  wake() {
    for (const look of [...this.#looks]) look();
  }

  until(look, what, timeout = ARRIVAL_MS) {
    return new Promise((resolve, reject) => {
      const stop = (settle, value) => {
        clearTimeout(timer);
        this.#looks.delete(attempt);
        settle(value);
      };
      const attempt = () => {
        try {
          const found = look();
          if (found) stop(resolve, found);
        } catch (error) {
          stop(reject, error);
        }
      };
      const timer = setTimeout(() => stop(reject, new Unexpected(`nothing instead of ${what}`)), timeout);
      this.#looks.add(attempt);
      attempt();
    });
  }
}

/** What a subscription has brought. */
class Feed {
  titles = [];
  cursor;
  failure;
  #waiting = new Waiting();

  sink = {
    next: (data) => {
      this.titles.push(data.activityCreated.title);
      this.cursor = data.activityCreated.cursor;
      this.#waiting.wake();
    },
    error: (error) => {
      this.failure = error ?? new Error('an error without a word');
      this.#waiting.wake();
    },
    complete: () => {
      this.failure ??= new Unexpected('complete');
      this.#waiting.wake();
    },
  };

  /** Waits for this title. */
  async has(title, timeout) {
    await this.#waiting.until(() => {
      if (this.titles.includes(title)) return true;
      if (this.failure) throw new Unexpected(`${describe(this.failure)} instead of '${title}'`);
      return false;
    }, `'${title}' after ${JSON.stringify(this.titles)}`, timeout);
  }

  /** Waits for the end by an error; gives its codes. */
  async fails() {
    await this.#waiting.until(() => {
      if (this.titles.length > 0) throw new Unexpected(`'${this.titles[0]}' instead of an error`);
      return this.failure;
    }, 'an error');
    return codes(this.failure);
  }

  /** Waits for the end, whatever it is. */
  ends() {
    return this.#waiting.until(() => this.failure, 'the end');
  }
}

function describe(error) {
  return `${error?.message ?? JSON.stringify(error)} [${codes(error).join()}]`;
}

/** One story of one client: a user of its own, who nobody else writes for. */
class Stage {
  static #users = 0;
  #clients = [];

  constructor(server, adapter) {
    Stage.#users += 1;
    this.server = server;
    this.adapter = adapter;
    this.user = `user-${Stage.#users}`;
  }

  /** A client with this token at every connection. */
  async client(getToken = () => token(this.user)) {
    const { url } = this.server;
    const client = await this.adapter.create({ url, socketUrl: this.server.socketUrl, token: getToken });
    this.#clients.push(client);
    return client;
  }

  /** Asks the server over plain HTTP, as a service. */
  async ask(query, variables) {
    const response = await fetch(this.server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token('writer', { role: 'service' })}`,
      },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(ARRIVAL_MS),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Problem(`the server refused to write or read: ${JSON.stringify(errors)}`);
    return data;
  }

  write(title) {
    return this.ask(CREATE, { input: { userId: this.user, type: 'LOGIN', title } });
  }

  /** Where the user's feed stands. */
  async cursor() {
    return (await this.ask(PAGE, { userId: this.user })).activities.cursor;
  }

  /** What a subscription of `client` brings. */
  follow(client, variables) {
    const feed = new Feed();
    feed.stop = client.subscribe(FOLLOW, variables, feed.sink);
    return feed;
  }

  async finish() {
    for (const client of this.#clients) await client.dispose();
  }
}

const stories = {
  async query(stage) {
    const client = await stage.client();
    await stage.write('one');
    equal(await client.request(COUNT, { userId: stage.user }), { unreadActivityCount: 1 });
  },

  async mutation(stage) {
    if (stage.adapter.reads) return 'its GET can only read';
    const client = await stage.client();
    const input = { userId: stage.user, type: 'GOAL_COMPLETED', title: 'a goal' };
    equal((await client.request(CREATE, { input })).createActivity.title, 'a goal');
    equal(await stage.ask(COUNT, { userId: stage.user }), { unreadActivityCount: 1 });
    return undefined;
  },

  async 'a live event'(stage) {
    const feed = stage.follow(await stage.client(), {});
    // Nothing tells when a subscription has started, so events are made until one arrives.
    for (let trial = 0; feed.titles.length === 0; trial += 1) {
      if (feed.failure) throw new Unexpected(`${describe(feed.failure)} instead of an event`);
      if (trial > ARRIVAL_MS / TRIAL_MS) throw new Unexpected(`nothing instead of one of ${trial} events`);
      await stage.write(`trial ${trial}`);
      await feed.has(`trial ${trial}`, TRIAL_MS).catch(() => undefined);
    }
    await stage.write('first');
    await stage.write('second');
    await feed.has('second');
    equal(feed.titles.filter((title) => !title.startsWith('trial')), ['first', 'second']);
    equal(feed.titles, [...new Set(feed.titles)]);
  },

  async 'resumes with after: what it missed comes once, in order, then what is new'(stage) {
    const after = await stage.cursor();
    const before = await stage.client();
    const first = stage.follow(before, { after });
    await stage.write('seen');
    await first.has('seen');
    first.stop();
    await before.dispose();
    const missed = Array.from({ length: 20 }, (_, index) => `missed ${index}`);
    for (const title of missed) await stage.write(title);
    const second = stage.follow(await stage.client(), { after: first.cursor });
    await second.has(missed.at(-1));
    await stage.write('live');
    await second.has('live');
    equal(first.titles, ['seen']);
    equal(second.titles, [...missed, 'live']);
  },

  async 'a cursor of another database is CURSOR_EXPIRED'(stage) {
    const feed = stage.follow(await stage.client(), { after: stage.server.foreignCursor });
    equal(await feed.fails(), ['CURSOR_EXPIRED']);
  },

  async 'somebody else\'s feed is FORBIDDEN'(stage) {
    const feed = stage.follow(await stage.client(), { userId: 'somebody-else' });
    equal(await feed.fails(), ['FORBIDDEN']);
  },

  async 'an invalid document is GRAPHQL_VALIDATION_FAILED'(stage) {
    const client = await stage.client();
    const failed = await client.request('query Wrong { noSuchField }', {}).then(
      (data) => { throw new Unexpected(`${JSON.stringify(data)} instead of an error`); },
      (error) => (error instanceof Unexpected ? Promise.reject(error) : codes(error)),
    );
    equal(failed, ['GRAPHQL_VALIDATION_FAILED']);
  },

  async 'goes on with a fresh token when the first one ends: nothing is lost, nothing comes twice'(stage) {
    let asked = 0;
    const waiting = new Waiting();
    let release;
    const written = new Promise((resolve) => { release = resolve; });
    const client = await stage.client(async () => {
      asked += 1;
      waiting.wake();
      if (asked === 1) return token(stage.user, { seconds: SHORT_SECONDS });
      await written;
      return token(stage.user);
    });
    let feed = stage.follow(client, { after: await stage.cursor() });
    const { titles } = feed;
    await stage.write('first');
    await feed.has('first');
    if (stage.adapter.reconnects) await waiting.until(() => asked > 1, 'a second connection');
    else await feed.ends();
    await stage.write('missed 1');
    await stage.write('missed 2');
    release();
    if (!stage.adapter.reconnects) {
      await client.renew?.();
      const { cursor } = feed;
      feed = stage.follow(client, { after: cursor });
    }
    await feed.has('missed 2');
    await stage.write('live');
    await feed.has('live');
    equal(feed.titles === titles ? titles : [...titles, ...feed.titles], ['first', 'missed 1', 'missed 2', 'live']);
  },
};

/** Tells one story through one client; resolves with how it went: `ok`, `FAIL` or `skip`, and why. */
async function tell(story, server, adapter) {
  const stage = new Stage(server, adapter);
  try {
    const reason = await story(stage);
    return reason ? { kind: 'skip', reason } : { kind: 'ok' };
  } catch (error) {
    return { kind: 'FAIL', reason: error instanceof Unexpected ? error.message : describe(error) };
  } finally {
    await stage.finish();
  }
}

/** A cursor of a database that is not the tested server's. */
async function foreignCursor(binary) {
  const other = await startPulse(binary);
  try {
    const stage = new Stage({ url: `${other.address}/graphql` });
    await stage.write('elsewhere');
    return await stage.cursor();
  } finally {
    await other.stop();
  }
}

/** Runs the clients against the Pulse server of `binary`; resolves with how many stories went which way. */
export async function runClients({ binary, transports = TRANSPORTS, only, write = console.log }) {
  const chosen = adapters.filter(({ name, transport }) => transports.includes(transport) && (!only || name === only));
  const counts = { ok: 0, FAIL: 0, note: 0, skip: 0 };
  const foreign = await foreignCursor(binary);
  const pulse = await startPulse(binary);
  const server = { url: `${pulse.address}/graphql`, socketUrl: socketUrl(pulse.address), foreignCursor: foreign };
  try {
    for (const adapter of chosen) {
      for (const [name, story] of Object.entries(stories)) {
        const { kind, reason } = await tell(story, server, adapter);
        counts[kind] += 1;
        write(`${kind.padEnd(4)} ${adapter.name} over ${adapter.transport}: ${name}${reason ? `: ${reason}` : ''}`);
      }
    }
  } finally {
    await pulse.stop();
  }
  if (counts.FAIL > 0) write(['the last lines of the server:', ...pulse.output.slice(-20)].join('\n  '));
  write(`${counts.ok} passed, ${counts.FAIL} failed${counts.skip ? `, ${counts.skip} skipped` : ''}`);
  return counts;
}

/** The transports of a comma-separated list. */
export function parseTransports(list) {
  if (list === undefined) return TRANSPORTS;
  const transports = list.split(',');
  const unknown = transports.find((name) => !TRANSPORTS.includes(name));
  if (unknown !== undefined) throw new Error(`there is no transport '${unknown}': it takes ${TRANSPORTS.join(', ')}`);
  return transports;
}

function readArguments() {
  const options = { transports: { type: 'string' }, only: { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (positionals.length > 1) throw new Error('give one binary');
  return {
    binary: positionals[0] ?? DEFAULT_BINARY,
    transports: parseTransports(values.transports),
    only: values.only,
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  let options;
  try {
    options = readArguments();
  } catch (error) {
    console.error(`${error.message}\nusage: node clients.mjs [BINARY] [--transports ${TRANSPORTS}] [--only NAME]`);
    process.exit(2);
  }
  endOnSignals();
  try {
    const { FAIL } = await runClients(options);
    process.exitCode = FAIL > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
