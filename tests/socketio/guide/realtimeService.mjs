// The frontend's REST services, with the calls of the guide that the Express backend came with.

import axios from 'axios';

export const connectTo = (url) => {
  const api = axios.create({ baseURL: `${url}/api` });
  const answer = (request) => request.then(({ data }) => data);
  return {
    activityService: {
      getActivities: (userId, limit = 20, skip = 0) =>
        answer(api.get(`/activities/${userId}`, { params: { limit, skip } })),
      getUnreadCount: (userId) => answer(api.get(`/activities/${userId}/unread/count`)),
      createActivity: (activity) => answer(api.post('/activities', activity)),
      markAsRead: (activityId) => answer(api.patch(`/activities/${activityId}/read`)),
      markAllAsRead: (userId) => answer(api.patch(`/activities/${userId}/read-all`)),
      deleteActivity: (activityId) => answer(api.delete(`/activities/${activityId}`)),
    },
    analyticsService: {
      getAnalytics: (userId) => answer(api.get(`/analytics/${userId}`)),
      initAnalytics: (userId) => answer(api.post(`/analytics/${userId}/init`)),
      updateLearningHours: (userId, hours) => answer(api.patch(`/analytics/${userId}/learning-hours`, { hours })),
      updateStreak: (userId, currentStreak, longestStreak) =>
        answer(api.patch(`/analytics/${userId}/streak`, { currentStreak, longestStreak })),
      incrementStat: (userId, statName, incrementBy = 1) =>
        answer(api.patch(`/analytics/${userId}/increment`, { statName, incrementBy })),
      addWeeklyData: (userId, date, hoursLogged, logsCount) =>
        answer(api.post(`/analytics/${userId}/weekly`, { date, hoursLogged, logsCount })),
      getLeaderboard: (limit = 100) => answer(api.get('/analytics/leaderboard/all', { params: { limit } })),
    },
    notificationService: {
      getNotifications: (userId, limit = 50, skip = 0) =>
        answer(api.get(`/notifications/${userId}`, { params: { limit, skip } })),
      getUnreadCount: (userId) => answer(api.get(`/notifications/${userId}/unread/count`)),
      createNotification: (notification) => answer(api.post('/notifications', notification)),
      markAsRead: (notificationId) => answer(api.patch(`/notifications/${notificationId}/read`)),
      markAllAsRead: (userId) => answer(api.patch(`/notifications/${userId}/read-all`)),
      deleteNotification: (notificationId) => answer(api.delete(`/notifications/${notificationId}`)),
      clearAll: (userId) => answer(api.delete(`/notifications/${userId}/clear-all`)),
    },
  };
};
