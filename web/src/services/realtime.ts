import { analyticsCalls, type NewWeeklyData } from "../client/analytics.js";
import {
  LeaderboardDocument, UnreadActivityCountDocument, UnreadNotificationCountDocument,
} from "../generated/operations.js";
import {
  PulseError, type Activity, type Analytics, type NewActivity, type NewNotification, type Notification,
  type PulseClient, type StatName,
} from "../client/index.js";
import { ACTIVITIES, NOTIFICATIONS } from "../client/kinds.js";
import { analyticsOf } from "../client/states.js";
import { getPulseClient } from "./current.js";

/** A page of activities, as REST answers. */
export interface ActivityPage {
  readonly activities: readonly Activity[];
  readonly total: number;
  readonly hasMore: boolean;
  readonly unreadCount: number;
  readonly cursor: string;
}

/** A page of notifications, as REST answers. */
export interface NotificationPage {
  readonly notifications: readonly Notification[];
  readonly total: number;
  readonly hasMore: boolean;
  readonly unreadCount: number;
  readonly cursor: string;
}

/** A page of the leaderboard, as REST answers. */
export interface LeaderboardPage {
  readonly analytics: readonly Analytics[];
  readonly total: number;
  readonly hasMore: boolean;
}

/** Activities. Every function answers what REST answered, with `id` beside `_id`, and rejects with a PulseError. */
export interface ActivityService {
  getActivities(userId?: string, limit?: number, skip?: number): Promise<ActivityPage>;
  getUnreadCount(userId?: string): Promise<{ readonly unreadCount: number }>;
  createActivity(activity: NewActivity): Promise<Activity>;
  markAsRead(activityId: string): Promise<Activity>;
  markAllAsRead(userId?: string): Promise<{ readonly modifiedCount: number }>;
  deleteActivity(activityId: string): Promise<{ readonly message: string }>;
}

/** Analytics. `getAnalytics` rejects with NOT_FOUND where the user has none; each change makes them. */
export interface AnalyticsService {
  getAnalytics(userId?: string): Promise<Analytics>;
  initAnalytics(userId?: string): Promise<Analytics>;
  updateLearningHours(userId: string | undefined, hours: number): Promise<Analytics>;
  updateStreak(userId: string | undefined, currentStreak: number, longestStreak: number): Promise<Analytics>;
  incrementStat(userId: string | undefined, statName: StatName, incrementBy?: number): Promise<Analytics>;
  /** Adds to a day, given as one object or as its three parts. */
  addWeeklyData(userId: string | undefined, day: NewWeeklyData): Promise<Analytics>;
  addWeeklyData(userId: string | undefined, date: string, hoursLogged: number, logsCount: number): Promise<Analytics>;
  getLeaderboard(limit?: number, skip?: number): Promise<LeaderboardPage>;
}

/** Notifications. Every function answers what REST answered, with `id` beside `_id`, and rejects with a PulseError. */
export interface NotificationService {
  getNotifications(userId?: string, limit?: number, skip?: number): Promise<NotificationPage>;
  getUnreadCount(userId?: string): Promise<{ readonly unreadCount: number }>;
  createNotification(notification: NewNotification): Promise<Notification>;
  markAsRead(notificationId: string): Promise<Notification>;
  markAllAsRead(userId?: string): Promise<{ readonly modifiedCount: number }>;
  deleteNotification(notificationId: string): Promise<{ readonly message: string }>;
  clearAll(userId?: string): Promise<{ readonly deletedCount: number }>;
}

export interface RealtimeServices {
  readonly activityService: ActivityService;
  readonly analyticsService: AnalyticsService;
  readonly notificationService: NotificationService;
}

/** The three services over one client. Lists that hooks show change with them. */
export function createServices(client: PulseClient): RealtimeServices {
  return servicesOver(() => client);
}

function servicesOver(client: () => PulseClient): RealtimeServices {
  const whose = (userId: string | undefined): { userId: string | undefined } => ({ userId: userId ?? client().userId });
  return {
    activityService: {
      async getActivities(userId, limit = 20, skip = 0) {
        const { items, ...page } = await ACTIVITIES.page(client(), whose(userId), limit, skip);
        return { activities: items, ...page };
      },
      async getUnreadCount(userId) {
        const variables = { userId: whose(userId).userId ?? null };
        return { unreadCount: (await client().query(UnreadActivityCountDocument, variables)).unreadActivityCount };
      },
      createActivity: async (activity) => client().activities(activity.userId ?? undefined).create(activity),
      markAsRead: async (id) => client().activities().markRead(id),
      markAllAsRead: async (userId) => ({ modifiedCount: await client().activities(userId).markAllRead() }),
      deleteActivity: async (id) => ({ message: (await client().activities().remove(id)).message }),
    },
    analyticsService: {
      async getAnalytics(userId) {
        const analytics = await analyticsCalls.get(client(), whose(userId));
        if (!analytics) throw new PulseError("NOT_FOUND", "the user has no analytics yet");
        return analytics;
      },
      initAnalytics: async (userId) => client().analytics(userId).init(),
      updateLearningHours: async (userId, hours) => client().analytics(userId).addHours(hours),
      updateStreak: async (userId, current, longest) => client().analytics(userId).setStreak(current, longest),
      incrementStat: async (userId, stat, by = 1) => client().analytics(userId).increment(stat, by),
      addWeeklyData: async (
        userId: string | undefined, day: NewWeeklyData | string, hoursLogged: number = 0, logsCount: number = 0,
      ) => client().analytics(userId).addDay(typeof day === "string" ? { date: day, hoursLogged, logsCount } : day),
      async getLeaderboard(limit = 100, skip = 0) {
        const { leaderboard } = await client().query(LeaderboardDocument, { limit, skip });
        return { ...leaderboard, analytics: leaderboard.analytics.map(analyticsOf) };
      },
    },
    notificationService: {
      async getNotifications(userId, limit = 50, skip = 0) {
        const { items, ...page } = await NOTIFICATIONS.page(client(), whose(userId), limit, skip);
        return { notifications: items, ...page };
      },
      async getUnreadCount(userId) {
        const variables = { userId: whose(userId).userId ?? null };
        const data = await client().query(UnreadNotificationCountDocument, variables);
        return { unreadCount: data.unreadNotificationCount };
      },
      createNotification: async (input) => client().notifications(input.userId ?? undefined).create(input),
      markAsRead: async (id) => client().notifications().markRead(id),
      markAllAsRead: async (userId) => ({ modifiedCount: await client().notifications(userId).markAllRead() }),
      deleteNotification: async (id) => ({ message: (await client().notifications().remove(id)).message }),
      clearAll: async (userId) => ({ deletedCount: await client().notifications(userId).clear() }),
    },
  };
}

/** The services over the client of `setPulseClient` or `initializeSocket`. */
export const { activityService, analyticsService, notificationService }: RealtimeServices =
  /* @__PURE__ */ servicesOver(getPulseClient);
