// The promises, as functions of what was asked, what the nodes show and what readers heard. They do nothing else, so
// that tests can show each of them what it has to notice.
//
// A row is an item as a node shows it: { id, title, position, read }. A heard item is { id, title, position, at }.

import { FEEDS, expectation } from './ledger.mjs';

/** What is wrong with one user's pages; `pages` is by node, as `readPages` has them. */
export function checkPages(ledger, pages) {
  const found = [];
  const [first, ...others] = Object.entries(pages);
  for (const feed of FEEDS) {
    found.push(...checkFeed(ledger, feed, first[1][feed]).map((what) => `${feed} of ${ledger.user}: ${what}`));
    for (const [node, page] of others) {
      found.push(...checkAgreement(first[1][feed], page[feed])
        .map((what) => `${feed} of ${ledger.user} on ${node}: ${what} (${first[0]} shows another)`));
    }
  }
  const positions = FEEDS.flatMap((feed) => first[1][feed].rows.map((row) => row.position));
  const twice = repeated(positions);
  if (twice.length > 0) found.push(`positions of ${ledger.user} that two items have: ${twice.join(', ')}`);
  const head = first[1].activities.position;
  const beyond = positions.some((position) => position > head);
  if (beyond) found.push(`${ledger.user} has items after the cursor of the page`);
  return found;
}

/** One feed against what was asked. */
export function checkFeed(ledger, feed, page) {
  const found = [];
  const rows = new Map(page.rows.map((row) => [row.title, row]));
  const twice = repeated(page.rows.map((row) => row.title));
  if (twice.length > 0) found.push(`written twice: ${twice.join(', ')}`);
  for (const [title, entry] of ledger.entries[feed]) {
    found.push(...checkEntry(title, entry, rows.get(title), ledger.readAlls[feed]));
  }
  const strangers = page.rows.filter((row) => !ledger.entries[feed].has(row.title));
  if (strangers.length > 0) found.push(`written by nobody: ${strangers.map((row) => row.title).join(', ')}`);
  const disorder = page.rows.findIndex((row, index) => index > 0 && row.position >= page.rows[index - 1].position);
  if (disorder > 0) found.push(`${page.rows[disorder].title} is out of order`);
  if (page.total !== page.rows.length) found.push(`the total is ${page.total}, there are ${page.rows.length} items`);
  const unread = page.rows.filter((row) => !row.read).length;
  if (page.unread !== unread) found.push(`the unread count is ${page.unread}, there are ${unread} unread items`);
  return found;
}

function checkEntry(title, entry, row, readAlls) {
  const { mustStand, mustBeGone, mustBeRead, mayBeRead } = expectation(entry, readAlls);
  if (!row) return mustStand ? [`answered and lost: ${title}`] : [];
  const found = [];
  if (mustBeGone) found.push(`deleted and still there: ${title}`);
  if (entry.id !== undefined && entry.id !== row.id) found.push(`${title} was answered with another id`);
  if (entry.position !== undefined && entry.position !== row.position) {
    found.push(`${title} was answered with position ${entry.position} and has ${row.position}`);
  }
  if (mustBeRead && !row.read) found.push(`marked read and still unread: ${title}`);
  if (row.read && !mayBeRead) found.push(`read without a word: ${title}`);
  return found;
}

function checkAgreement(one, other) {
  const found = [];
  if (one.position !== other.position) found.push(`the cursor is at ${other.position} and not ${one.position}`);
  if (one.total !== other.total) found.push(`the total is ${other.total} and not ${one.total}`);
  if (one.unread !== other.unread) found.push(`the unread count is ${other.unread} and not ${one.unread}`);
  const text = (page) => page.rows.map((row) => `${row.id} ${row.position} ${row.read}`).join('\n');
  if (text(one) !== text(other)) found.push('the items differ');
  return found;
}

/** The counter that was raised, as a node shows it. */
export function checkCounter(ledger, value) {
  const { answered, unknown } = ledger.increments;
  if (value >= answered && value <= answered + unknown) return [];
  return [`logsCreated of ${ledger.user} is ${value}, it was raised ${answered} times and perhaps ${unknown} more`];
}

/**
 * One reader of one feed: everything after its start, once, in order. `missing` is what may still come, `lost` the same
 * when there is no more time.
 */
export function checkReader(ledger, feed, page, { name, start, heard }) {
  const titles = new Set(heard.map((item) => item.title));
  const missing = page.rows.filter((row) => row.position > start && !titles.has(row.title)).map((row) => row.title);
  const doubled = repeated(heard.map((item) => item.title));
  const seen = new Set();
  const once = heard.filter((item) => !seen.has(item.title) && seen.add(item.title));
  const disordered = once
    .filter((item, index) => index > 0 && item.position <= once[index - 1].position)
    .map((item) => item.title);
  const rows = new Map(page.rows.map((row) => [row.title, row]));
  const wrong = once.filter((item) => !isTrue(item, start, rows.get(item.title), ledger.entries[feed].get(item.title)));
  const found = [];
  const say = (what, list) => {
    if (list.length > 0) found.push(`${name}, ${feed} of ${ledger.user}: ${what} ${some(list)}`);
  };
  say('heard twice', doubled);
  say('heard out of order', disordered);
  say('heard what is not so:', wrong.map((item) => item.title));
  return { missing, doubled, disordered, wrong, violations: found };
}

/** Whether a reader may have heard this: it is in the feed as it was heard, or was deleted meanwhile. */
function isTrue(item, start, row, entry) {
  if (item.position <= start) return false;
  if (row) return row.id === item.id && row.position === item.position;
  return entry?.deleteAsked === true && entry.id === item.id && entry.position === item.position;
}

/** The newest counts that a reader heard, against the pages. */
export function checkCounts(ledger, pages, { name, counts }) {
  const wanted = FEEDS.map((feed) => pages[feed].unread);
  const heard = counts && FEEDS.map((feed) => counts[feed]);
  if (heard && wanted.every((count, index) => count === heard[index])) return [];
  return [`${name}: the newest unread counts of ${ledger.user} are ${heard ?? 'none'} and not ${wanted}`];
}

/** What each node counts as active, against those who are. `counts` is by node. */
export function checkActive(users, counts) {
  return Object.entries(counts).filter(([, count]) => count !== users.size)
    .map(([node, count]) => `${node} counts ${count} active users, there are ${users.size}`);
}

/** The longest time, in ms, from the answer of a write to a reader's hearing of it. */
export function longestDelay(ledger, feed, { startedAt, heard }) {
  let longest = 0;
  for (const item of heard) {
    const entry = ledger.entries[feed].get(item.title);
    if (entry?.answeredAt !== undefined) longest = Math.max(longest, item.at - Math.max(entry.answeredAt, startedAt));
  }
  return longest;
}

function repeated(list) {
  const seen = new Set();
  return [...new Set(list.filter((value) => seen.has(value) || !seen.add(value)))];
}

/** The first few of a list. */
export function some(list, most = 5) {
  return list.slice(0, most).join(', ') + (list.length > most ? ` and ${list.length - most} more` : '');
}
