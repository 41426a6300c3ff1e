// A check that cannot fail is a defect: each of them is shown what it must notice, and the same without the fault.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkActive, checkCounter, checkCounts, checkPages, checkReader, longestDelay } from './checks.mjs';
import { UserLedger, judge, positionOf } from './ledger.mjs';

const NODES = ['node 1', 'node 2', 'node 3'];

/** Five activities and a notification that were answered, the second one deleted, the third one read. */
function story() {
  const ledger = new UserLedger('ada');
  const rows = { activities: [], notifications: [] };
  for (let position = 1; position <= 6; position += 1) {
    const feed = position === 6 ? 'notifications' : 'activities';
    const entry = ledger.creating(feed, `t${position}`);
    Object.assign(entry, { outcome: 'answered', id: `i${position}`, position });
    Object.assign(entry, { sentAt: 10 * position, answeredAt: 10 * position + 5 });
    rows[feed].unshift({ id: entry.id, title: entry.title, position, read: false });
  }
  const entries = ledger.entries.activities;
  Object.assign(entries.get('t2'), { deleteAsked: true, deleteAnswered: true });
  Object.assign(entries.get('t3'), { readAsked: true, readAnswered: true });
  rows.activities = rows.activities.filter((row) => row.title !== 't2');
  rows.activities.find((row) => row.title === 't3').read = true;
  const page = (feed, unread) => ({ rows: rows[feed], total: rows[feed].length, unread, position: 8 });
  const one = () => structuredClone({ activities: page('activities', 3), notifications: page('notifications', 1) });
  const pages = Object.fromEntries(NODES.map((node) => [node, one()]));
  const heard = [...entries.values()]
    .map(({ id, title, position, answeredAt }) => ({ id, title, position, at: answeredAt + 1 }));
  return { ledger, pages, heard, page: pages['node 1'].activities };
}

/** The story with a fault, on every node or on one. */
function violations(fault, nodes = NODES) {
  const { ledger, pages } = story();
  for (const node of nodes) fault(pages[node], ledger);
  return checkPages(ledger, pages).join('\n');
}

test('a story as it was told', () => {
  assert.equal(violations(() => {}), '');
});

const faults = {
  'a lost write': [/answered and lost: t4/, ({ activities }) => {
    activities.rows = activities.rows.filter((row) => row.title !== 't4');
    activities.total -= 1;
    activities.unread -= 1;
  }],
  'a doubled write': [/written twice: t4/, ({ activities }) => {
    activities.rows.unshift({ ...activities.rows.find((row) => row.title === 't4'), id: 'i9', position: 8 });
    activities.total += 1;
    activities.unread += 1;
  }],
  'a write of nobody': [/written by nobody: t7/, ({ activities }) => {
    activities.rows.unshift({ id: 'i7', title: 't7', position: 7, read: false });
  }],
  'an answer with another id': [/another id/, ({ activities }) => { activities.rows[0].id = 'i9'; }],
  'an answer with another position': [/answered with position 5 and has 7/, ({ activities }) => {
    activities.rows[0].position = 7;
  }],
  'two items at one position': [/two items have: 5/, ({ notifications }) => { notifications.rows[0].position = 5; }],
  'items after the cursor': [/after the cursor/, (pages) => { pages.activities.position = 3; }],
  'items out of order': [/out of order/, ({ activities }) => activities.rows.reverse()],
  'a wrong total': [/the total is 9/, ({ activities }) => { activities.total = 9; }],
  'a wrong unread count': [/the unread count is 9/, ({ activities }) => { activities.unread = 9; }],
  'a mark that was lost': [/marked read and still unread: t3/, ({ activities }) => {
    activities.rows.find((row) => row.title === 't3').read = false;
    activities.unread += 1;
  }],
  'a mark of nobody': [/read without a word: t4/, ({ activities }) => {
    activities.rows.find((row) => row.title === 't4').read = true;
    activities.unread -= 1;
  }],
  'a deleted item': [/deleted and still there: t2/, ({ activities }) => {
    activities.rows.splice(3, 0, { id: 'i2', title: 't2', position: 2, read: false });
  }],
  'a mark of everything that was lost': [/marked read and still unread: t4/, (pages, ledger) => {
    ledger.readAlls.activities.push({ sentAt: 100, endedAt: 110, answered: true });
  }],
};
for (const [name, [said, fault]] of Object.entries(faults)) {
  test(`pages: ${name} is noticed`, () => assert.match(violations(fault), said));
}

test('pages: a node that shows something else is noticed', () => {
  const differences = {
    'the cursor is at 7': ({ activities }) => { activities.position = 7; },
    'the total is 9': ({ activities }) => { activities.total = 9; },
    'the unread count is 9': ({ activities }) => { activities.unread = 9; },
    'the items differ': ({ activities }) => { activities.rows[0].read = true; },
  };
  for (const [said, fault] of Object.entries(differences)) {
    assert.match(violations(fault, ['node 2']), new RegExp(`on node 2: ${said}`));
  }
});

test('pages: what was never answered may be there once, or not at all', () => {
  for (const outcome of ['unknown', 'refused']) {
    const maybe = (pages, ledger) => {
      ledger.entries.activities.set('t7', { feed: 'activities', title: 't7', outcome, sentAt: 90 });
    };
    assert.equal(violations(maybe), '');
    const once = (pages, ledger) => {
      maybe(pages, ledger);
      pages.activities.rows.unshift({ id: 'i7', title: 't7', position: 7, read: false });
      pages.activities.total += 1;
      pages.activities.unread += 1;
    };
    assert.equal(violations(once), '');
    const twice = (pages, ledger) => {
      once(pages, ledger);
      pages.activities.rows.unshift({ id: 'i8', title: 't7', position: 8, read: false });
    };
    assert.match(violations(twice), /written twice: t7/);
  }
});

/** What a reader of the story from its start is told of, after `change`. */
function read(change, start = 0) {
  const { ledger, page, heard } = story();
  return checkReader(ledger, 'activities', page, { name: 'a reader', start, heard: change(heard) });
}

test('readers: one that heard everything, with and without what was deleted', () => {
  for (const change of [(heard) => heard, (heard) => heard.filter((item) => item.title !== 't2')]) {
    const { missing, violations: found } = read(change);
    assert.deepEqual([missing, found], [[], []]);
  }
});

test('readers: a lost event is noticed, unless it was before the start', () => {
  const without = (title) => (heard) => heard.filter((item) => item.title !== title);
  assert.deepEqual(read(without('t4')).missing, ['t4']);
  assert.deepEqual(read((heard) => heard.slice(3), 3).missing, []);
});

test('readers: a doubled event is noticed', () => {
  const { doubled, violations: found } = read((heard) => [...heard, heard[2]]);
  assert.deepEqual(doubled, ['t3']);
  assert.match(found.join(), /heard twice t3/);
});

test('readers: a reordered event is noticed', () => {
  const { disordered } = read(([first, second, ...rest]) => [second, first, ...rest]);
  assert.deepEqual(disordered, ['t1']);
});

test('readers: an event that is in no feed, is another one or came before the start is noticed', () => {
  const titles = ({ wrong }) => wrong.map((item) => item.title);
  assert.deepEqual(titles(read((heard) => [...heard, { id: 'i9', title: 't9', position: 9 }])), ['t9']);
  const other = (item) => (item.title === 't4' ? { ...item, id: 'i9' } : item);
  assert.deepEqual(titles(read((heard) => heard.map(other))), ['t4']);
  assert.deepEqual(titles(read((heard) => heard.slice(2), 3)), ['t3']);
});

test('counts: a wrong one, and none, are noticed', () => {
  const { ledger, pages } = story();
  const check = (counts) => checkCounts(ledger, pages['node 1'], { name: 'a reader', counts }).length;
  assert.equal(check({ activities: 3, notifications: 1 }), 0);
  assert.equal(check({ activities: 2, notifications: 1 }), 1);
  assert.equal(check(undefined), 1);
});

test('counters: an increment that was lost or made twice is noticed', () => {
  const ledger = new UserLedger('ada');
  ledger.increments = { answered: 5, unknown: 2 };
  assert.deepEqual([4, 5, 7, 8].map((value) => checkCounter(ledger, value).length), [1, 0, 0, 1]);
});

test('active users: a node that counts another number is noticed', () => {
  const users = new Set(['ada', 'bob']);
  assert.deepEqual(checkActive(users, { 'node 1': 2, 'node 2': 2 }), []);
  assert.match(checkActive(users, { 'node 1': 2, 'node 2': 3 }).join(), /^node 2 counts 3 active users, there are 2$/);
});

test('delays: the longest counts, from the answer or from the start of the reader', () => {
  const { ledger, heard } = story();
  heard[1].at += 1_000;
  assert.equal(longestDelay(ledger, 'activities', { startedAt: 0, heard }), 1_001);
  assert.equal(longestDelay(ledger, 'activities', { startedAt: 500, heard }), 526);
});

test('answers: a 2xx that is not kept, a 500 and an unknown 503 are noticed', () => {
  const asked = { expect: 201, kept: (value) => value.title === 't1' };
  const outcome = (answer, graphql = false) => {
    const { outcome: what, violation } = judge(answer, { ...asked, graphql });
    return violation ? 'violation' : what;
  };
  assert.equal(outcome({ status: 201, body: { title: 't1' } }), 'answered');
  assert.equal(outcome({ status: 201, body: { title: 't2' } }), 'violation');
  assert.equal(outcome({ status: 201, body: { text: '' } }), 'violation');
  assert.equal(outcome({ status: 200, body: { title: 't1' } }), 'violation');
  assert.equal(outcome({ status: 503, body: { code: 'UNAVAILABLE' } }), 'refused');
  assert.equal(outcome({ status: 503, body: { text: 'Bad Gateway' } }), 'violation');
  assert.equal(outcome({ status: 500, body: { code: 'INTERNAL' } }), 'violation');
  assert.equal(outcome({ status: 404, body: { code: 'NOT_FOUND' } }), 'absent');
  assert.equal(outcome({ failed: 'ECONNRESET' }), 'unknown');
  const graphql = (body) => outcome({ status: 200, body }, true);
  assert.equal(graphql({ data: { createActivity: { title: 't1' } } }), 'answered');
  assert.equal(graphql({ data: { createActivity: { title: 't2' } } }), 'violation');
  assert.equal(graphql({ data: null, errors: [{ extensions: { code: 'UNAVAILABLE' } }] }), 'refused');
  assert.equal(graphql({ data: null, errors: [{ extensions: { code: 'INTERNAL' } }] }), 'violation');
  assert.equal(graphql({ data: null }), 'violation');
});

test('a cursor holds a position', () => {
  const bytes = Buffer.alloc(16, 0xab);
  bytes.writeBigUInt64BE(77n, 8);
  assert.equal(positionOf(bytes.toString('base64url')), 77);
});
