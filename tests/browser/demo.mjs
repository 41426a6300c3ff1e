// A believable demo, by REST alone.

const DAY_MS = 86_400_000;

const ACTIVITIES = [
  ['log_created', 'Read “Fearless Concurrency”', 'Channels, mutexes, and why Send and Sync matter.', { chapter: 16, minutes: 50 }],
  ['goal_completed', 'Finished the ownership exercises', 'All twelve, the last one with lifetimes.'],
  ['skill_added', 'Added async Rust', undefined],
  ['log_created', 'Wrote a tiny HTTP server', 'From a TcpListener to a thread pool.', { repository: 'tiny-http', commits: 7 }],
  ['portfolio_updated', 'Published the weather app', 'With a screenshot and a link to try it.'],
  ['email_sent', 'Weekly summary', '6.5 hours, two goals, one new skill.'],
  ['log_created', 'Practised SQL window functions', 'Running totals and gaps in a sequence.'],
  ['login', 'Signed in from a phone', undefined],
  ['goal_completed', 'Seven days in a row', 'The longest streak so far.'],
  ['skill_added', 'Added PostgreSQL', undefined],
  ['log_created', 'Watched a talk on CRDTs', 'Merging without a leader.', { minutes: 42 }],
  ['log_created', 'Solved three graph puzzles', 'Breadth first, depth first, and a union-find.'],
];

const NOTIFICATIONS = [
  ['reminder', 'Your goal ends on Friday', 'Two exercises are left in “Async Rust”.', '/goals/async-rust'],
  ['social', 'grace wrote to you', 'Shall we pair on the parser tomorrow?', '/messages/grace'],
  ['achievement', 'A week without a gap', 'You have learned on seven days in a row.'],
  ['milestone', '100 hours', 'You have learned for more than a hundred hours.'],
];

/** A number from 0 to 1 that is the same each time. */
const vary = (number) => Math.abs(Math.sin(number * 12.9898) * 43_758.5453) % 1;

/** Fills a server: the first user gets everything, the others what the leaderboard shows. */
export async function fillDemo(pulse, { users, activities }) {
  const [first] = users;
  for (const [rank, userId] of users.entries()) {
    const hours = userId === first ? await fillDays(pulse, userId) : 64 - 9.5 * rank;
    const streak = 7 + (rank % 3);
    await pulse.rest('PATCH', `/api/analytics/${userId}/learning-hours`, { hours });
    await pulse.rest('PATCH', `/api/analytics/${userId}/streak`, { currentStreak: streak, longestStreak: streak + 11 });
  }
  for (const [statName, incrementBy] of Object.entries({ logsCreated: 74, goalsCompleted: 9, skillsAdded: 12 })) {
    await pulse.rest('PATCH', `/api/analytics/${first}/increment`, { statName, incrementBy });
  }
  for (const [type, title, message, actionUrl] of NOTIFICATIONS.toReversed()) {
    await pulse.rest('POST', '/api/notifications', { userId: first, type, title, message, actionUrl });
  }
  for (let index = activities - 1; index >= 0; index -= 1) await demoActivity(pulse, first, index);
}

/** Creates one of the activities of the demo. */
export function demoActivity(pulse, userId, index) {
  const [type, title, description, data] = ACTIVITIES[index % ACTIVITIES.length];
  return pulse.rest('POST', '/api/activities', { userId, type, title, description, data });
}

/** Hours on most of the last days; gives their sum. */
async function fillDays(pulse, userId) {
  let sum = 0;
  for (let ago = 80; ago >= 0; ago -= 1) {
    const hoursLogged = ago > 6 && vary(ago) < 0.3 ? 0 : Math.round((0.5 + 3 * vary(ago + 0.5)) * 4) / 4;
    if (hoursLogged === 0) continue;
    sum += hoursLogged;
    const date = new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);
    await pulse.rest('POST', `/api/analytics/${userId}/weekly`, { date, hoursLogged, logsCount: 1 + (ago % 2) });
  }
  return sum;
}
