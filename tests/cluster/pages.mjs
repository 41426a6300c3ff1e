// What the nodes show, read as any client would.

import { FEEDS, positionOf } from './ledger.mjs';

/** The most that one page holds. */
const PAGE = 200;

/** The answer to a GET that has to succeed. */
export async function get(node, path) {
  const { status, body, failed } = await node.http.get(`/api${path}`);
  if (status !== 200) throw new Error(`GET ${path} at ${node.name}: ${failed ?? `${status} ${JSON.stringify(body)}`}`);
  return body;
}

/** A whole feed with the counts of its first page, while nobody writes. */
async function readFeed(node, feed, user) {
  const rows = [];
  let first;
  for (;;) {
    const page = await get(node, `/${feed}/${user}?limit=${PAGE}&skip=${rows.length}`);
    first ??= page;
    rows.push(...page[feed].map((item) => ({
      id: item._id, title: item.title, position: positionOf(item.cursor), read: item.read,
    })));
    if (!page.hasMore) break;
  }
  return { rows, total: first.total, unread: first.unreadCount, position: positionOf(first.cursor) };
}

/** Both feeds of `user`, by feed. */
export async function readPages(node, user) {
  const pages = await Promise.all(FEEDS.map((feed) => readFeed(node, feed, user)));
  return Object.fromEntries(FEEDS.map((feed, index) => [feed, pages[index]]));
}

/** The cursor at which the history of `user` stands. */
export async function cursorOf(node, user) {
  return (await get(node, `/activities/${user}?limit=1`)).cursor;
}

/** The counter of logs of `user`; 0 where there are no analytics. */
export async function counterOf(node, user) {
  const { status, body } = await node.http.get(`/api/analytics/${user}`);
  return status === 404 ? 0 : body?.logsCreated;
}

/** How many active users the node counts; undefined where it does not answer. */
export async function activeOf(node) {
  return (await node.http.get('/api/health')).body?.activeUsers;
}
