// A black-box audit of graphql-transport-ws, the protocol of the npm package graphql-ws: one named check per rule.
//
//   node audit.mjs --url ws://localhost:4000/graphql [--profile profiles/reference.mjs] [--only ID] [--strict]
//
// The audit knows no server: what it asks for comes from a profile (README.md), or from --query, --mutation,
// --subscription and --trigger. Exit code: 0 all passed, 1 not, 2 wrong usage.

import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { connectionChecks } from './checks/connection.mjs';
import { operationChecks } from './checks/operations.mjs';
import { subscriptionChecks } from './checks/subscriptions.mjs';
import { Peer, TRIAL, show } from './peer.mjs';
import { Unexpected } from './socket.mjs';

export const checks = [...connectionChecks, ...operationChecks, ...subscriptionChecks];

/** How long an answer may take. */
const ANSWER_MS = 5_000;
/** How long the event of a trial may take before the next trial. */
const TRIAL_MS = 200;
/** What the server may take longer than its time for connection_init. */
const INIT_SLACK_MS = 3_000;
const MARK = '{mark}';

/** What one check works with. Its connections end with it. */
class Audit {
  static #marks = 0;
  #peers = [];
  /** The connection that makes events. */
  #hand;

  constructor({ url, profile, answer }) {
    this.url = url;
    this.profile = profile;
    this.answer = answer;
    this.initTimeout = (profile.initTimeout ?? 3) * 1000 + INIT_SLACK_MS;
  }

  /** A socket on which nothing was said yet. */
  async connect(options) {
    const peer = await Peer.open(this.url, { timeout: this.answer, ...options });
    this.#peers.push(peer);
    return peer;
  }

  /** A connection that is acknowledged. */
  async open() {
    const peer = await this.connect();
    await peer.init(this.profile.init);
    return peer;
  }

  /** Starts the subscription under each of these ids; resolves once each is seen to bring events. */
  async live(peer, ...ids) {
    for (const id of ids) peer.subscribe(id, this.profile.subscription);
    await this.untilLive(peer, ids);
  }

  /** Nothing tells when a subscription has started, so events are made until one arrives. */
  async untilLive(peer, ids) {
    await peer.nothing();
    const end = Date.now() + this.answer;
    for (;;) {
      const mark = await this.#trigger(TRIAL);
      try {
        return await peer.tried(ids, mark, TRIAL_MS);
      } catch (error) {
        if (Date.now() > end || peer.socket.ended) throw error;
      }
    }
  }

  /** Makes one event; gives the mark by which it is known. */
  fire() {
    return this.#trigger('event-');
  }

  async #trigger(prefix) {
    Audit.#marks += 1;
    const mark = `${prefix}${process.pid}-${Date.now().toString(36)}-${Audit.#marks}`;
    this.#hand ??= await this.open();
    this.#hand.keepsTrials = true;
    this.#hand.subscribe('trigger', this.profile.trigger.replaceAll(MARK, mark));
    const { payload } = await this.#hand.receive('next', 'trigger');
    if (payload.errors) throw new Unexpected(`${show(payload)} for the trigger`);
    await this.#hand.receive('complete', 'trigger');
    return mark;
  }

  expectEvent(message, mark) {
    if (!JSON.stringify(message.payload).includes(mark)) throw new Unexpected(`${show(message)} instead of ${mark}`);
  }

  finish() {
    const faults = [];
    for (const peer of this.#peers) {
      try {
        peer.finish();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}

/** Why a check cannot be run, if it cannot. */
function obstacle({ needs, skip }, profile) {
  if (needs !== undefined && profile[needs] === undefined) return `the profile has no ${needs}`;
  if (needs === 'subscription' && !profile.trigger) return 'the profile has no trigger';
  return skip?.({ profile });
}

/** Runs one check; resolves with how it went: `ok`, `FAIL`, `skip` or, where a rule may be left out, `note`. */
async function run(check, options) {
  const { profile, strict } = options;
  const reason = obstacle(check, profile);
  if (reason) return { kind: 'skip', reason };
  const audit = new Audit(options);
  try {
    try {
      await check.run(audit);
    } finally {
      audit.finish();
    }
    return { kind: 'ok' };
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error;
    const excuse = profile.deviations?.[check.id] ?? (strict ? undefined : check.optional);
    if (excuse) return { kind: 'note', reason: `${error.message} (accepted: ${excuse})` };
    return { kind: 'FAIL', reason: error.message };
  }
}

/**
 * Audits the server at `url`. With `strict`, optional rules are rules like others; `only` names the checks to run;
 * `answer` is how many milliseconds an answer may take. Resolves with how many checks went which way.
 */
export async function audit(request) {
  const { only, write = console.log } = request;
  const profile = { query: '{ __typename }', ...request.profile };
  const options = { url: request.url, profile, strict: request.strict ?? false, answer: request.answer ?? ANSWER_MS };
  const chosen = checks.filter(({ id }) => !only || only.includes(id));
  const counts = { ok: 0, FAIL: 0, note: 0, skip: 0 };
  // Those that wait for a time-out wait together, while the others run.
  const waiting = chosen.filter(({ slow }) => slow).map((check) => [check, run(check, options)]);
  const report = ({ id, name }, { kind, reason }) => {
    counts[kind] += 1;
    write(`${kind.padEnd(4)} ${id} ${name}${reason ? `: ${reason}` : ''}`);
  };
  for (const check of chosen.filter(({ slow }) => !slow)) report(check, await run(check, options));
  for (const [check, result] of waiting) report(check, await result);
  const rest = [counts.note && `${counts.note} accepted deviations`, counts.skip && `${counts.skip} skipped`];
  write([`${counts.ok} passed, ${counts.FAIL} failed`, ...rest.filter(Boolean)].join(', '));
  return counts;
}

/** The profile of a file, by its path or by its name in the folder `profiles`. */
export async function loadProfile(name) {
  const folder = fileURLToPath(new URL('profiles', import.meta.url));
  const file = /[./\\]/.test(name) ? path.resolve(name) : path.join(folder, `${name}.mjs`);
  return (await import(pathToFileURL(file))).default;
}

const OPTIONS = {
  url: { type: 'string' },
  profile: { type: 'string' },
  query: { type: 'string' },
  mutation: { type: 'string' },
  subscription: { type: 'string' },
  trigger: { type: 'string' },
  init: { type: 'string' },
  'init-timeout': { type: 'string' },
  only: { type: 'string', multiple: true },
  strict: { type: 'boolean' },
};
const USAGE = `usage: node audit.mjs --url ws://HOST/PATH [options]
  --profile NAME|FILE   what to ask this server for (README.md)
  --query, --mutation, --subscription DOCUMENT
  --trigger DOCUMENT    makes one event; ${MARK} in it is replaced by a text that the event has to show
  --init JSON           the payload of connection_init
  --init-timeout SECONDS  how long the server waits for connection_init (3)
  --only ID[,ID]        run these checks only
  --strict              what a server may leave out fails too`;

async function readArguments() {
  const { values } = parseArgs({ options: OPTIONS });
  if (!values.url || !/^wss?:\/\//.test(values.url) || !URL.canParse(values.url)) {
    throw new Error('--url takes a ws:// or wss:// address');
  }
  const only = values.only?.flatMap((ids) => ids.split(','));
  const unknown = only?.find((id) => !checks.some((check) => check.id === id));
  if (unknown !== undefined) throw new Error(`there is no check '${unknown}'`);
  const profile = { ...(values.profile ? await loadProfile(values.profile) : {}) };
  for (const name of ['query', 'mutation', 'subscription', 'trigger']) profile[name] = values[name] ?? profile[name];
  if (values.init) profile.init = JSON.parse(values.init);
  if (values['init-timeout']) profile.initTimeout = Number(values['init-timeout']);
  if (Number.isNaN(profile.initTimeout)) throw new Error('--init-timeout takes a number of seconds');
  if (profile.trigger && !profile.trigger.includes(MARK)) throw new Error(`the trigger has no ${MARK}`);
  profile.query ??= '{ __typename }';
  return { url: values.url, profile, only, strict: values.strict };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  let options;
  try {
    options = await readArguments();
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
  const { FAIL } = await audit(options);
  process.exitCode = FAIL > 0 ? 1 : 0;
}
