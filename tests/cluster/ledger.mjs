// What was asked of the nodes and what they answered: the account that feeds, counts and readers are held against.

/** The position that a cursor holds. To clients it is opaque; these checks know its layout (`src/domain/cursor.rs`). */
export function positionOf(cursor) {
  return Number(Buffer.from(cursor, 'base64url').readBigUInt64BE(8));
}

/** The mark of the database that a cursor holds. */
export function epochOf(cursor) {
  return Buffer.from(cursor, 'base64url').toString('hex', 0, 8);
}

export const FEEDS = ['activities', 'notifications'];

/** What happened to one user. */
export class UserLedger {
  /** By feed, by title: what was asked to be created. */
  entries = { activities: new Map(), notifications: new Map() };
  /** By feed: each time that everything was to be marked read. */
  readAlls = { activities: [], notifications: [] };
  /** How often the counter of logs was raised. */
  increments = { answered: 0, unknown: 0 };
  /** Where all that is written for this user is written, if not anywhere. */
  only;

  constructor(user) {
    this.user = user;
  }

  /** A creation that is about to be sent. */
  creating(feed, title) {
    const entry = { feed, title, outcome: 'unknown', sentAt: Date.now() };
    this.entries[feed].set(title, entry);
    return entry;
  }

  /** A mark of everything that is about to be sent. */
  readingAll(feed) {
    const all = { sentAt: Date.now(), endedAt: Infinity, answered: false };
    this.readAlls[feed].push(all);
    return all;
  }

  /** Items that were answered, and that nobody tried to delete. */
  standing(feed) {
    return [...this.entries[feed].values()].filter((entry) => entry.id && !entry.deleteAsked);
  }
}

/** What may be in the feed of a creation: whether the item must be there, must not, must be read, must not be. */
export function expectation(entry, readAlls) {
  return {
    mustStand: entry.outcome === 'answered' && !entry.deleteAsked,
    mustBeGone: entry.deleteAnswered === true,
    mustBeRead: entry.readAnswered === true
      || (entry.answeredAt !== undefined
        && readAlls.some((all) => all.answered && all.sentAt > entry.answeredAt)),
    mayBeRead: entry.readAsked === true || readAlls.some((all) => all.endedAt >= entry.sentAt),
  };
}

/**
 * What an answer means: `answered`, `refused` (UNAVAILABLE: it did not happen, or nobody knows), `unknown` (no whole
 * answer) or `absent` (no such item). `violation` is set where the answer is none that the contract knows.
 */
export function judge({ failed, status, body }, { expect, kept, graphql = false }) {
  if (failed) return { outcome: 'unknown' };
  if (graphql && status === 200) return judgeGraphql(body, kept);
  const code = body?.code ?? body?.errors?.[0]?.extensions?.code;
  if (status === expect) {
    return kept(body) ? { outcome: 'answered', value: body } : odd(status, body);
  }
  if (status === 503 && code === 'UNAVAILABLE') return { outcome: 'refused' };
  if (status === 404 && code === 'NOT_FOUND') return { outcome: 'absent' };
  return odd(status, body);
}

function judgeGraphql(body, kept) {
  const codes = (body.errors ?? []).map((error) => error.extensions?.code);
  if (codes.length === 0) {
    const [value] = Object.values(body.data ?? {});
    return value && kept(value) ? { outcome: 'answered', value } : odd(200, body);
  }
  if (codes.every((code) => code === 'UNAVAILABLE')) return { outcome: 'refused' };
  if (codes.every((code) => code === 'NOT_FOUND')) return { outcome: 'absent' };
  return odd(200, body);
}

function odd(status, body) {
  const text = JSON.stringify(body) ?? '';
  return { outcome: 'unknown', violation: `an answer that no contract has: ${status} ${text.slice(0, 200)}` };
}
