import { useCallback, useMemo, useSyncExternalStore } from "react";
import { NO_ANALYTICS, type NewWeeklyData } from "../client/analytics.js";
import type { Analytics, ConnectionInfo, PulseError, StatName, WeeklyData } from "../client/index.js";
import { NO_COUNTS, NO_LEADERS, NO_USERS } from "../client/states.js";
import { useLiveQuery } from "./live-query.js";
import { usePulseClient } from "./provider.js";

/**
 * What `useAnalytics` gives. Changes of hours, streaks and counters are shown at once, and taken back where the server
 * refuses: the promise then rejects with a PulseError.
 */
export interface UseAnalyticsResult {
  /** Nothing while loading, and where the user has none yet: any change, or `initAnalytics`, makes them. */
  readonly analytics: Analytics | null;
  readonly loading: boolean;
  readonly error: PulseError | null;
  /** Reads again. Rejects with a PulseError. */
  refetch(): Promise<void>;
  initAnalytics(): Promise<Analytics>;
  /** Adds hours; a negative number corrects. */
  updateLearningHours(hours: number): Promise<Analytics>;
  updateStreak(currentStreak: number, longestStreak: number): Promise<Analytics>;
  /** Adds to a counter: 1 if nothing is said. */
  incrementStat(statName: StatName, incrementBy?: number): Promise<Analytics>;
  /** Adds to a day, given as one object or as its three parts. */
  addWeeklyData(day: NewWeeklyData): Promise<Analytics>;
  addWeeklyData(date: string, hoursLogged: number, logsCount: number): Promise<Analytics>;
}

/** A user's analytics, live; the client's user if none is given. */
export function useAnalytics(userId?: string): UseAnalyticsResult {
  const client = usePulseClient();
  const resource = useMemo(() => client.analytics(userId), [client, userId]);
  const view = useLiveQuery(resource, NO_ANALYTICS);
  const calls = useMemo(() => ({
    refetch: () => resource.refetch(),
    initAnalytics: () => resource.init(),
    updateLearningHours: (hours: number) => resource.addHours(hours),
    updateStreak: (current: number, longest: number) => resource.setStreak(current, longest),
    incrementStat: (statName: StatName, incrementBy = 1) => resource.increment(statName, incrementBy),
    addWeeklyData: (day: WeeklyData | string, hoursLogged = 0, logsCount = 0) =>
      resource.addDay(typeof day === "string" ? { date: day, hoursLogged, logsCount } : day),
  }), [resource]);
  return useMemo(() => ({ ...view, ...calls }), [view, calls]);
}

/** What `useUnreadCounts` gives. */
export interface UseUnreadCountsResult {
  readonly activities: number;
  readonly notifications: number;
  /** Both together: for a badge. */
  readonly total: number;
  /** Whether the server has not said them yet. */
  readonly loading: boolean;
  readonly error: PulseError | null;
}

/** A user's unread counts: the server's own numbers, live; the client's user if none is given. */
export function useUnreadCounts(userId?: string): UseUnreadCountsResult {
  const client = usePulseClient();
  const resource = useMemo(() => client.unreadCounts(userId), [client, userId]);
  const { counts, error } = useLiveQuery(resource, NO_COUNTS);
  return useMemo(() => {
    const { activities, notifications } = counts ?? { activities: 0, notifications: 0 };
    return { activities, notifications, total: activities + notifications, loading: !counts && !error, error };
  }, [counts, error]);
}

/** What `useLeaderboard` gives. */
export interface UseLeaderboardResult {
  /** Most learning hours first, ties by user id. */
  readonly leaderboard: readonly Analytics[];
  /** How many users there are in all. */
  readonly total: number;
  readonly loading: boolean;
  readonly error: PulseError | null;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  loadMore(): Promise<void>;
  /** Reads again. Rejects with a PulseError. */
  refetch(): Promise<void>;
}

/**
 * The leaderboard, in pages of 1 to 200 users, 100 if nothing is said. Changes of others are not pushed: it is read
 * again every 30 s while it is shown.
 */
export function useLeaderboard(options: { readonly pageSize?: number | undefined } = {}): UseLeaderboardResult {
  const client = usePulseClient();
  const { pageSize } = options;
  const resource = useMemo(() => client.leaderboard(pageSize), [client, pageSize]);
  const { entries, ...view } = useLiveQuery(resource, NO_LEADERS);
  const calls = useMemo(() => ({
    loadMore: () => resource.loadMore(),
    refetch: () => resource.refetch(),
  }), [resource]);
  return { leaderboard: entries, ...view, ...calls };
}

/** What `useActiveUsers` gives. */
export interface UseActiveUsersResult {
  /** How many users have at least one open socket; nothing until the server has said it. */
  readonly activeUsers: number | null;
  readonly loading: boolean;
  readonly error: PulseError | null;
}

/** How many users are active, live. */
export function useActiveUsers(): UseActiveUsersResult {
  const client = usePulseClient();
  const resource = useMemo(() => client.activeUsers(), [client]);
  const { activeUsers, error } = useLiveQuery(resource, NO_USERS);
  return useMemo(
    () => ({ activeUsers, loading: activeUsers === null && error === null, error }),
    [activeUsers, error],
  );
}

/** What `useConnection` gives. */
export interface UseConnectionResult extends ConnectionInfo {
  /** Connects at once instead of waiting for the next attempt. */
  retryNow(): void;
}

const UNKNOWN: ConnectionInfo = { state: "connecting", since: 0, transport: null, error: null };

/** How the connection stands. A component that shows it keeps it open. */
export function useConnection(): UseConnectionResult {
  const client = usePulseClient();
  const subscribe = useCallback((listener: () => void) => {
    const leave = client.connection.subscribe(listener);
    const release = client.holdConnection();
    return () => {
      leave();
      release();
    };
  }, [client]);
  const info = useSyncExternalStore(subscribe, client.connection.get, () => UNKNOWN);
  const retryNow = useCallback(() => client.retryNow(), [client]);
  return useMemo(() => ({ ...info, retryNow }), [info, retryNow]);
}
