// docs/MIGRATING.md, walked through in an empty folder: a dump of the old collections, an import, and the old frontend.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { io } from 'socket.io-client';
import { DEFAULT_BINARY } from '../conformance/server.mjs';
import { connectTo } from './guide/realtimeService.mjs';
import { Client, serve } from './support.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'pulse-migrating-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command of the binary in the folder; returns what it printed. */
async function pulse(...parameters) {
  const { stdout } = await promisify(execFile)(path.resolve(DEFAULT_BINARY), parameters, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder },
  });
  return stdout;
}

const OLD_ENV = `PORT=5000
MONGODB_URI=mongodb://localhost:27017/learning
CLIENT_URL=http://localhost:3000
JWT_SECRET=the-secret-of-the-old-backend-32-bytes
NODE_ENV=development
EMAIL_USER=someone@example.org
EMAIL_PASSWORD=hunter2
`;

/** Documents as Mongoose kept them and mongoexport writes them. */
const USER = '64f0c0ffee00000000000001';
const ACTIVITIES = [
  { _id: { $oid: '65b9f2a1c3d4e5f6a7b8c9d1' }, userId: { $oid: USER }, type: 'login', title: 'First', data: {},
    timestamp: { $date: '2026-01-31T09:30:00.000Z' }, read: true, __v: 0 },
  { _id: { $oid: '65b9f2a1c3d4e5f6a7b8c9d2' }, userId: { $oid: USER }, type: 'goal_completed', title: 'Second',
    description: 'd', data: { goal: { $oid: '65b9f2a1c3d4e5f6a7b8c9aa' }, points: { $numberInt: '5' } },
    timestamp: { $date: { $numberLong: '1769938200000' } }, read: false, __v: 0 },
];
const ANALYTICS = [
  { _id: { $oid: '65b9f2a1c3d4e5f6a7b8c9e1' }, userId: { $oid: USER }, totalLearningHours: 12.5, currentStreak: 3,
    longestStreak: 9, logsCreated: 4, goalsCompleted: 1, skillsAdded: 2, monthlyData: [],
    weeklyData: [{ date: { $date: '2026-01-31T00:00:00.000Z' }, hoursLogged: 1.5, logsCount: 1 },
      { date: { $date: '2026-01-31T00:00:00.000Z' }, hoursLogged: 0.5, logsCount: 1 }],
    updatedAt: { $date: '2026-01-31T10:00:00.000Z' } },
];
const inAMonth = new Date(Date.now() + 20 * 86_400_000).toISOString();
const NOTIFICATIONS = [
  { _id: { $oid: '65b9f2a1c3d4e5f6a7b8c9f1' }, userId: { $oid: USER }, type: 'achievement', title: 'Well done', message: 'm',
    read: false, createdAt: { $date: '2026-01-31T11:00:00.000Z' }, expiresAt: { $date: inAMonth } },
];

test('the old .env is taken as it is', async () => {
  writeFileSync(path.join(folder, '.env'), OLD_ENV);
  const shown = await pulse('config');
  assert.match(shown, /^PORT\s+5000\s+set/m);
  assert.match(shown, /^MONGODB_URI\s+hidden.*not used/m);
  assert.doesNotMatch(shown, /hunter2|old-backend/);
});

test('the collections come in, once', async () => {
  for (const [name, documents] of Object.entries({ activities: ACTIVITIES, analytics: ANALYTICS, notifications: NOTIFICATIONS })) {
    writeFileSync(path.join(folder, `${name}.json`), documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
  }
  const files = ['activities.json', 'analytics.json', 'notifications.json'];
  const report = await pulse('import', ...files);
  assert.match(report, /^activities\s+2\s+2\s+0\s+0\s+0$/m);
  assert.match(report, /^analytics\s+1\s+1\s+0\s+0\s+0$/m);
  assert.match(report, /^notifications\s+1\s+1\s+0\s+0\s+0$/m);
  assert.match(await pulse('import', ...files), /^activities\s+2\s+0\s+2\s+0\s+0$/m);
});

test('the old frontend finds its data and its events', async () => {
  // The test server looks for its data in a folder of its own.
  const database = path.join(folder, 'serving.db');
  copyFileSync(path.join(folder, 'pulse.db'), database);
  const server = await serve({ DATABASE_URL: `sqlite://${database}` });
  const { activityService, analyticsService, notificationService } = connectTo(server.address);
  const page = await activityService.getActivities(USER);
  assert.deepEqual(page.activities.map(({ _id, title, timestamp, read }) => [_id, title, timestamp, read]), [
    ['65b9f2a1c3d4e5f6a7b8c9d2', 'Second', '2026-02-01T09:30:00.000Z', false],
    ['65b9f2a1c3d4e5f6a7b8c9d1', 'First', '2026-01-31T09:30:00.000Z', true],
  ]);
  assert.deepEqual(page.activities[0].data, { goal: '65b9f2a1c3d4e5f6a7b8c9aa', points: 5 });
  assert.deepEqual([page.total, page.unreadCount], [2, 1]);
  const analytics = await analyticsService.getAnalytics(USER);
  assert.deepEqual([analytics.totalLearningHours, analytics.longestStreak, analytics.weeklyData, analytics.monthlyData], [
    12.5, 9, [{ date: '2026-01-31', hoursLogged: 2, logsCount: 2 }], [{ month: '2026-01', hoursLogged: 2, logsCount: 2 }],
  ]);
  const { notifications } = await notificationService.getNotifications(USER);
  assert.deepEqual(notifications.map(({ _id, expiresAt }) => [_id, expiresAt]), [['65b9f2a1c3d4e5f6a7b8c9f1', inAMonth]]);

  // An old item's cursor serves like every other: what came after it comes first, then what is new.
  const client = new Client(io, server, { auth: { after: page.activities[1].cursor } });
  await client.as(USER);
  assert.equal((await client.next('notification:received'))._id, '65b9f2a1c3d4e5f6a7b8c9f1');
  assert.equal((await client.next('activity:created')).title, 'Second');
  const created = await activityService.createActivity({ userId: USER, type: 'login', title: 'Third' });
  assert.deepEqual(await client.next('activity:created'), created);
  assert.equal((await activityService.markAsRead('65b9f2a1c3d4e5f6a7b8c9d2')).read, true);
  assert.deepEqual(await activityService.getUnreadCount(USER), { unreadCount: 1 });
});

test('the way back', async () => {
  await pulse('export', 'back');
  const target = path.join(folder, 'again.db');
  const report = await promisify(execFile)(path.resolve(DEFAULT_BINARY), ['import', ...['activities', 'analytics', 'notifications']
    .map((name) => `back/${name}.jsonl`)], { cwd: folder, env: { PATH: process.env.PATH, DATABASE_URL: `sqlite://${target}?mode=rwc` } });
  assert.match(report.stdout, /^activities\s+2\s+2\s+0\s+0\s+0$/m);
});
