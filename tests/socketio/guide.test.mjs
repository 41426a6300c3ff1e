// A frontend of the old backend, unchanged, against Pulse: its socket service for events, its REST services for the rest.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as socketService from './guide/socketService.mjs';
import { connectTo } from './guide/realtimeService.mjs';
import { eventually, serve } from './support.mjs';

const server = await serve();
const { activityService, analyticsService, notificationService } = connectTo(server.address);
const heard = { activities: [], notifications: [], analytics: [], status: [], all: [] };

socketService.initializeSocket('user123', server.address);
after(() => socketService.disconnectSocket());
socketService.on('activity:created', (activity) => heard.activities.unshift(activity));
socketService.on('notification:received', (notification) => heard.notifications.unshift(notification));
socketService.on('analytics:updated', (analytics) => heard.analytics.unshift(analytics));
socketService.on('users:status', (status) => heard.status.unshift(status));
socketService.on('data:all', (data) => heard.all.unshift(data));
await eventually('the login', () => heard.status[0]?.activeCount === 1);

test('activities, as the guide logs them', async () => {
  const created = await activityService.createActivity({
    userId: 'user123', type: 'log_created', title: 'New Learning Log', description: 'Learned React hooks',
    data: { logId: 'log456', duration: 45 },
  });
  await eventually('the event', () => heard.activities[0]?._id === created._id);
  socketService.emit('activity:create', { userId: 'user123', type: 'skill_added', title: 'Rust' });
  await eventually('the event of the socket', () => heard.activities[0]?.title === 'Rust');
  const page = await activityService.getActivities('user123', 1);
  assert.deepEqual(page.activities, [heard.activities[0]]);
  assert.deepEqual([page.total, page.hasMore], [2, true]);
  assert.deepEqual(await activityService.getUnreadCount('user123'), { unreadCount: 2 });
  assert.equal((await activityService.markAsRead(created._id)).read, true);
  assert.deepEqual(await activityService.markAllAsRead('user123'), { modifiedCount: 1 });
  assert.deepEqual(await activityService.deleteActivity(created._id), { message: 'Activity deleted' });
  assert.equal((await activityService.getActivities('user123')).total, 1);
});

test('analytics, each call and its event', async () => {
  assert.equal((await analyticsService.initAnalytics('user123')).totalLearningHours, 0);
  await analyticsService.updateLearningHours('user123', 2.5);
  await analyticsService.updateStreak('user123', 5, 10);
  await analyticsService.incrementStat('user123', 'logsCreated');
  await analyticsService.incrementStat('user123', 'goalsCompleted', 2);
  const analytics = await analyticsService.addWeeklyData('user123', '2026-01-31', 3, 2);
  await eventually('the newest', () => heard.analytics[0]?.cursor === analytics.cursor);
  assert.deepEqual(heard.analytics[0], analytics);
  assert.deepEqual(await analyticsService.getAnalytics('user123'), analytics);
  assert.deepEqual(
    [analytics.totalLearningHours, analytics.currentStreak, analytics.longestStreak, analytics.logsCreated,
      analytics.goalsCompleted, analytics.weeklyData, analytics.monthlyData],
    [2.5, 5, 10, 1, 2, [{ date: '2026-01-31', hoursLogged: 3, logsCount: 2 }],
      [{ month: '2026-01', hoursLogged: 3, logsCount: 2 }]],
  );
  assert.deepEqual((await analyticsService.getLeaderboard(10)).analytics, [analytics]);
});

test('notifications, each call and its event', async () => {
  const created = await notificationService.createNotification({
    userId: 'user123', type: 'achievement', title: 'Achievement!', message: 'A week of learning', actionUrl: '/achievements',
  });
  await eventually('the event', () => heard.notifications[0]?._id === created._id);
  assert.deepEqual(heard.notifications[0], created);
  const page = await notificationService.getNotifications('user123');
  assert.deepEqual([page.notifications, page.total, page.unreadCount, page.hasMore], [[created], 1, 1, false]);
  assert.deepEqual(await notificationService.getUnreadCount('user123'), { unreadCount: 1 });
  assert.equal((await notificationService.markAsRead(created._id)).read, true);
  assert.deepEqual(await notificationService.markAllAsRead('user123'), { modifiedCount: 0 });
  assert.deepEqual(await notificationService.deleteNotification(created._id), { message: 'Notification deleted' });
  await notificationService.createNotification({ userId: 'user123', type: 'system', title: 't', message: 'm' });
  assert.deepEqual(await notificationService.clearAll('user123'), { deletedCount: 1 });
});

test('data:request, and listeners that are taken off', async () => {
  socketService.emit('data:request', 'all');
  await eventually('the data', () => heard.all.length === 1);
  assert.equal(heard.all[0].activities.total, 1);
  assert.equal(heard.all[0].analytics.userId, 'user123');
  const extra = [];
  const listener = (activity) => extra.push(activity);
  socketService.on('activity:created', listener);
  socketService.off('activity:created', listener);
  const { _id } = await activityService.createActivity({ userId: 'user123', type: 'login', title: 'Last' });
  await eventually('the event', () => heard.activities[0]?._id === _id);
  assert.deepEqual(extra, []);
  assert.equal(socketService.getSocket().connected, true);
});
