// What the server holds while it is compared: written by REST, read back by REST, so that the reference resolves fields
// from the very same data.

import { Problem } from '../conformance/server.mjs';

/** The viewer: a service, which acts for anybody. */
export const VIEWER = 'ada';
/** Users with data, one without, and one whose id takes more than one byte or UTF-16 unit a character. */
export const USERS = [VIEWER, 'bob', 'é😀', 'nobody'];

const ACTIVITY_TYPES = ['login', 'log_created', 'goal_completed', 'skill_added', 'portfolio_updated', 'email_sent'];
const NOTIFICATION_TYPES = ['achievement', 'milestone', 'reminder', 'system', 'social'];
const TITLES = ['Plain', 'Quote " and \\ backslash', 'é, 😀 and \u2028', 'Line\ttab', '"""block"""'];
const DATA = [
  undefined,
  { n: 1, list: [1, 2.5, -3e10, null, true], deep: { x: { y: [[]] } } },
  ['a', {}],
  'text "quoted"',
  0,
  { '': 'empty key', 'é 😀': 'other key', __typename: 'no type' },
];

const ACTIVITIES = { [VIEWER]: 45, bob: 7, 'é😀': 3 };
const NOTIFICATIONS = { [VIEWER]: 12, bob: 2 };
const DAYS = ['2026-01-31', '2026-02-01', '2026-02-02'];

/** Calls REST; throws where the answer is none of `expected`. */
export function restClient(address, token) {
  return async (method, path, body, expected = [200, 201]) => {
    const response = await fetch(`${address}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!expected.includes(response.status)) throw new Problem(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
}

/** Fills an empty server. */
export async function writeFixture(rest) {
  for (const [userId, count] of Object.entries(ACTIVITIES)) {
    for (let i = 0; i < count; i += 1) {
      const created = await rest('POST', '/activities', {
        userId,
        type: ACTIVITY_TYPES[i % ACTIVITY_TYPES.length],
        title: `${TITLES[i % TITLES.length]} ${i}`,
        description: i % 3 === 0 ? `More of ${i}\nin two lines` : undefined,
        data: DATA[i % DATA.length],
      });
      if (i % 4 === 1) await rest('PATCH', `/activities/${created._id}/read`);
    }
  }
  for (const [userId, count] of Object.entries(NOTIFICATIONS)) {
    for (let i = 0; i < count; i += 1) {
      const created = await rest('POST', '/notifications', {
        userId,
        type: NOTIFICATION_TYPES[i % NOTIFICATION_TYPES.length],
        title: `${TITLES[i % TITLES.length]} ${i}`,
        message: `Message ${i}`,
        actionUrl: i % 2 === 0 ? `/things/${i}` : undefined,
      });
      if (i % 3 === 1) await rest('PATCH', `/notifications/${created._id}/read`);
    }
  }
  for (const [index, user] of [VIEWER, 'bob', 'é😀'].entries()) {
    const path = `/analytics/${encodeURIComponent(user)}`;
    await rest('PATCH', `${path}/learning-hours`, { hours: 1.25 + index });
    await rest('PATCH', `${path}/streak`, { currentStreak: index, longestStreak: 5 });
    await rest('PATCH', `${path}/increment`, { statName: 'logsCreated', incrementBy: 3 + index });
    for (const date of DAYS) await rest('POST', `${path}/weekly`, { date, hoursLogged: 0.5 + index, logsCount: 1 });
  }
}

/** REST calls an id `_id`, writes words in lower case and leaves out what is not there; GraphQL does neither. */
function item({ _id: id, type, ...rest }, optional) {
  const absent = Object.fromEntries(optional.map((name) => [name, null]));
  return { ...absent, ...rest, id, type: type.toUpperCase() };
}

/** Everything that GraphQL can be asked for, as GraphQL shows it. */
export async function readFixture(rest) {
  const users = new Map();
  for (const user of USERS) {
    const name = encodeURIComponent(user);
    const [activities, notifications, analytics] = await Promise.all([
      rest('GET', `/activities/${name}?limit=200`),
      rest('GET', `/notifications/${name}?limit=200`),
      rest('GET', `/analytics/${name}`, undefined, [200, 404]),
    ]);
    users.set(user, {
      activities: {
        items: activities.activities.map((found) => item(found, ['description', 'data'])),
        unreadCount: activities.unreadCount,
        cursor: activities.cursor,
      },
      notifications: {
        items: notifications.notifications.map((found) => item(found, ['actionUrl'])),
        unreadCount: notifications.unreadCount,
        cursor: notifications.cursor,
      },
      analytics: analytics.code === undefined ? analytics : null,
    });
  }
  const { analytics: leaderboard } = await rest('GET', '/analytics/leaderboard/all?limit=200');
  return { users, leaderboard };
}
