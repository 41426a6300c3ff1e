// Compares the GraphQL of Pulse with graphql-js, on the schema that the server exports and on the data that it holds:
// hand-written documents by topic, then documents at random.
//
//   node run.mjs [BINARY] [--seed N] [--count N] [--topic NAME] [--show N]
//
// Exit code: 0 all the same but for the deviations that are listed, 1 not, 2 wrong usage.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildClientSchema, getIntrospectionQuery, lexicographicSortSchema, parse, printSchema } from 'graphql';
import { DEFAULT_BINARY, Problem, endOnSignals, startPulse, token } from '../conformance/server.mjs';
import { Client } from './client.mjs';
import { difference } from './compare.mjs';
import { CORPUS } from './corpus/index.mjs';
import { DEVIATIONS, deviationsOf } from './deviations.mjs';
import { VIEWER, readFixture, restClient, writeFixture } from './fixture.mjs';
import { Writer, seeded, variations } from './random.mjs';
import { Reference } from './reference.mjs';

const SEED = 14;
const RANDOM_REQUESTS = 3_000;
/** Random documents of a kind end here, however many are left: a slow machine compares fewer. */
const RANDOM_MS = { query: 30_000, subscription: 6_000, mutation: 6_000 };
/** Requests at once. */
const CONCURRENCY = 8;
/** Failures that are printed whole. */
const SHOWN_FAILURES = 60;
const SHOWN_CHARACTERS = 600;
/** Everything that GraphQL of October 2021 has but for `__schema { description }`, for which async-graphql has its own. */
const INTROSPECTION = { directiveIsRepeatable: true, inputValueDeprecation: true, specifiedByUrl: true };

/** A server with a database that outlives it, and what is asked of it. */
class Pulse {
  #binary;
  #folder;
  #starting;

  static async start(binary) {
    const pulse = new Pulse();
    pulse.#binary = binary;
    pulse.#folder = mkdtempSync(path.join(tmpdir(), 'pulse-spec-'));
    await pulse.#restart();
    return pulse;
  }

  async #restart() {
    this.server = await startPulse(this.#binary, {
      DATABASE_URL: `sqlite://${path.join(this.#folder, 'pulse.db')}?mode=rwc`,
      // Its bound is tested elsewhere; here it would only hide what follows.
      GRAPHQL_MAX_COMPLEXITY: '1000000',
    });
    const viewer = token(VIEWER, { role: 'service' });
    this.rest = restClient(this.server.address, viewer);
    this.client = new Client({ address: this.server.address, token: viewer });
  }

  /** The answer to a request; a server that ends is started again, and that is the answer. */
  async answer(request, expected) {
    const { server, client } = this;
    try {
      if (kindOf(request) === 'subscription') return await client.first(request, () => this.#poke(expected.follows));
      return await client.answer(request);
    } catch (error) {
      const { child } = server;
      // A connection breaks a moment before the process is known to have ended.
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (ended)
        await (this.#starting ??= this.#restart().finally(() => {
          this.#starting = undefined;
        }));
      const reason = [error.message, error.cause?.message].filter(Boolean).join(': ');
      return { verdict: ended ? `the server ended (${child.signalCode ?? child.exitCode})` : reason, errors: [] };
    }
  }

  /** Changes everything of a user that can be followed. */
  async #poke(userId = VIEWER) {
    const analytics = `/analytics/${encodeURIComponent(userId)}/increment`;
    await Promise.allSettled([
      this.rest('POST', '/activities', { userId, type: 'login', title: 'Poke' }),
      this.rest('POST', '/notifications', { userId, type: 'system', title: 'Poke', message: 'Poke' }),
      this.rest('PATCH', analytics, { statName: 'logsCreated' }),
    ]);
  }

  async stop() {
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

class Comparison {
  passed = 0;
  failures = [];
  /** How often each deviation was met. */
  deviations = new Map();

  constructor({ pulse, reference, show }) {
    this.pulse = pulse;
    this.reference = reference;
    this.show = show;
  }

  /** Compares a request, and a query that is executed with other variables, too. */
  async compareVaried(request) {
    const { kind, verdict } = await this.compare(request);
    if (kind !== 'query' || verdict !== 'executed' || request.deviation) return;
    for (const variation of variations(request)) await this.compare(variation);
  }

  /** Compares what the reference answers, which is returned, with what Pulse does. */
  async compare(request) {
    const expected = await this.reference.answer(request);
    const actual = await this.pulse.answer(request, expected);
    const deviations = deviationsOf({ schema: this.reference.schema, request, expected });
    // The request is an example of one.
    const { deviation = deviations[0] } = request;
    const applies = deviation === undefined || deviations.includes(deviation);
    const found = applies
      ? difference({ request, expected, actual, deviations })
      : { kind: 'deviation', detail: `${deviation.name} does not apply` };
    if (found) this.#fail(request, expected, actual, found);
    else this.passed += 1;
    for (const { name } of deviations) this.deviations.set(name, (this.deviations.get(name) ?? 0) + 1);
    return expected;
  }

  /** The schema that introspection tells is the one that is exported. */
  async compareSchema() {
    const request = { topic: 'introspection', query: getIntrospectionQuery(INTROSPECTION) };
    const actual = await this.pulse.answer(request, {});
    const expected = printed(this.reference.schema);
    const told = actual.data && printed(buildClientSchema(actual.data));
    if (told === expected) this.passed += 1;
    else
      this.#fail(request, {}, actual, {
        kind: 'result',
        detail: `the schema ${firstDifference(expected, told ?? '')}`,
      });
  }

  #fail(request, expected, actual, { kind, detail }) {
    this.failures.push({ request, expected, actual, kind, detail });
    if (this.failures.length > this.show) return;
    console.log(`\nFAIL ${request.topic} ${kind}${detail ? `: ${detail}` : ''}`);
    console.log(`  document    ${cut(JSON.stringify(request.query))}`);
    if (request.rawVariables ?? request.variables)
      console.log(`  variables   ${cut(request.rawVariables ?? JSON.stringify(request.variables))}`);
    if (request.operationName) console.log(`  operation   ${request.operationName}`);
    console.log(`  graphql-js  ${describe(expected)}`);
    console.log(`  Pulse       ${describe(actual)}`);
  }
}

function printed(schema) {
  return printSchema(lexicographicSortSchema(schema));
}

function firstDifference(expected, actual) {
  const [lines, others] = [expected.split('\n'), actual.split('\n')];
  const at = lines.findIndex((line, index) => line !== others[index]);
  return `has ${JSON.stringify(others[at])} in place of ${JSON.stringify(lines[at])}`;
}

function cut(text) {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)` : text;
}

function describe({ verdict, message, data, errors = [] }) {
  if (verdict !== 'executed') return `${verdict}${message ? `: ${cut(message)}` : ''}`;
  const failed =
    errors.length === 0
      ? ''
      : `, errors ${JSON.stringify(errors.map(({ message: text, path: place, locations }) => [text, place, locations?.[0]]))}`;
  return `executed: ${cut(String(JSON.stringify(data)))}${cut(failed)}`;
}

/** Which kind of operation a request runs, as far as that can be told from its text. */
function kindOf({ query, operationName }) {
  try {
    const operations = parse(query).definitions.filter(({ kind }) => kind === 'OperationDefinition');
    const meant = operationName ? operations.find(({ name }) => name?.value === operationName) : operations[0];
    return meant?.operation ?? 'query';
  } catch {
    return /^\s*subscription\b/.test(query) ? 'subscription' : 'query';
  }
}

/** Cursors by name, as the documents use them. */
function namedCursors(data) {
  const { items, cursor } = data.users.get(VIEWER).activities;
  const at = (edit) => {
    const bytes = Buffer.from(cursor, 'base64url');
    edit(bytes);
    return bytes.toString('base64url');
  };
  return {
    $first: items[0].cursor,
    $second: items[1].cursor,
    $last: items.at(-1).cursor,
    $head: cursor,
    $future: at((bytes) => bytes.writeBigUInt64BE(bytes.readBigUInt64BE(8) + 100_000n, 8)),
    $foreign: at((bytes) => bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)),
  };
}

function withCursors(request, cursors) {
  const entries = Object.entries(request.variables ?? {}).filter(([, value]) => cursors[value] !== undefined);
  if (entries.length === 0) return request;
  return {
    ...request,
    variables: { ...request.variables, ...Object.fromEntries(entries.map(([name, value]) => [name, cursors[value]])) },
  };
}

function randomRequests({ seed, count, schema, data }) {
  const random = seeded(seed);
  const cursors = [...data.users.values()].flatMap(({ activities, notifications }) =>
    [...activities.items, ...notifications.items].map(({ cursor }) => cursor),
  );
  return Array.from({ length: count }, () => ({
    topic: 'random',
    ...new Writer({ random, schema, cursors }).request(),
  }));
}

/** Calls `work` for each of `items`, several at once, until `deadline`; resolves with how many are left. */
async function each(items, work, { concurrency = CONCURRENCY, deadline = Infinity } = {}) {
  const left = [...items].reverse();
  const worker = async () => {
    while (left.length > 0 && Date.now() < deadline) await work(left.pop());
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return left.length;
}

async function run({ binary, seed, count, topic, show }) {
  if (!existsSync(binary)) throw new Problem(`there is no ${binary}: build it with cargo build, or name another one`);
  const started = Date.now();
  const reference = new Reference(execFileSync(binary, ['schema'], { encoding: 'utf8' }));
  const pulse = await Pulse.start(binary);
  try {
    await writeFixture(pulse.rest);
    const data = await readFixture(pulse.rest);
    reference.use(data);
    const comparison = new Comparison({ pulse, reference, show });
    const cursors = namedCursors(data);
    const examples = DEVIATIONS.flatMap((deviation) =>
      deviation.examples.map((example) => ({ topic: 'deviations', deviation, ...example })),
    );
    const written = [...CORPUS, ...examples]
      .map((request) => withCursors(request, cursors))
      .filter((request) => !topic || request.topic === topic);
    const random = topic && topic !== 'random' ? [] : randomRequests({ seed, count, schema: reference.schema, data });
    console.log(`${written.length} written documents, ${random.length} at random (seed ${seed})`);

    if (!topic || topic === 'introspection') await comparison.compareSchema();
    // Reads come first: the others change what there is to be read. Mutations are run one by one, in their order.
    for (const kind of ['query', 'subscription', 'mutation']) {
      const ofKind = (requests) => requests.filter((request) => kindOf(request) === kind);
      const concurrency = kind === 'mutation' ? 1 : CONCURRENCY;
      await each(ofKind(written), (request) => comparison.compareVaried(request), { concurrency });
      const deadline = Date.now() + RANDOM_MS[kind];
      const left = await each(ofKind(random), (request) => comparison.compareVaried(request), {
        concurrency,
        deadline,
      });
      if (left > 0) console.log(`${left} random documents (${kind}) are left out, for the time`);
    }
    report(comparison, started);
    return comparison.failures.length === 0;
  } finally {
    await pulse.stop();
  }
}

function report({ passed, failures, deviations, show }, started) {
  console.log('');
  if (failures.length > show) console.log(`${failures.length - show} more failures are not shown`);
  if (failures.length > 0)
    console.log(
      `failures by kind: ${tally(failures.map(({ kind }) => kind))}; by topic: ${tally(failures.map(({ request }) => request.topic))}`,
    );
  console.log(
    `deviations that are listed: ${[...deviations].map(([name, times]) => `${name} ${times}`).join(', ') || 'none'}`,
  );
  console.log(`${passed} passed, ${failures.length} failed (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

function tally(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${word} ${count}`).join(', ');
}

function readArguments() {
  const number = (text, name) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number`);
    return value;
  };
  const { values, positionals } = parseArgs({
    options: {
      seed: { type: 'string', default: String(SEED) },
      count: { type: 'string', default: String(RANDOM_REQUESTS) },
      topic: { type: 'string' },
      show: { type: 'string', default: String(SHOWN_FAILURES) },
    },
    allowPositionals: true,
  });
  if (positionals.length > 1) throw new Error('give one binary');
  return {
    binary: path.resolve(positionals[0] ?? DEFAULT_BINARY),
    seed: number(values.seed, 'seed'),
    count: number(values.count, 'count'),
    topic: values.topic,
    show: number(values.show, 'show'),
  };
}

let options;
try {
  options = readArguments();
} catch (error) {
  console.error(`${error.message}\nusage: node run.mjs [BINARY] [--seed N] [--count N] [--topic NAME] [--show N]`);
  process.exit(2);
}
endOnSignals();
// Every server that is started again listens for the end of this process.
process.setMaxListeners(200);
try {
  process.exitCode = (await run(options)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
