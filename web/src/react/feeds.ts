import { useMemo } from "react";
import type {
  Activity, ActivityType, FeedItem, FeedList, Feed, FeedView, NewActivity, NewNotification, Notification,
  NotificationType, PulseError,
} from "../client/index.js";
import { EMPTY_VIEW } from "../client/feed-list.js";
import { useLiveQuery } from "./live-query.js";
import { usePulseClient } from "./provider.js";

/** Which items a hook shows. */
export interface UseFeedOptions<Type> {
  /** Whose; the client's user if absent. */
  readonly userId?: string | undefined;
  /** Only this type. */
  readonly type?: Type | undefined;
  /** Only what is not read. */
  readonly unreadOnly?: boolean | undefined;
  /** How many items a page has: 1 to 200, 20 if absent. */
  readonly pageSize?: number | undefined;
  /** False: nothing is read and nothing is followed. */
  readonly enabled?: boolean | undefined;
}

export type UseActivitiesOptions = UseFeedOptions<ActivityType>;
export type UseNotificationsOptions = UseFeedOptions<NotificationType>;

/** What both feeds have in common. Functions keep their identity while the user and the filter stay the same. */
export interface FeedResult {
  /** How many items of the user are unread in all: the server's own number, live. */
  readonly unreadCount: number;
  /** Whether the first page is on its way and there is nothing to show yet. */
  readonly loading: boolean;
  /** Why the last reading failed. It is tried again by itself where that can help; what was read stays. */
  readonly error: PulseError | null;
  /** Whether older items follow. */
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  /** Reads the next older page. Does nothing while one is on its way or there is none. */
  loadMore(): Promise<void>;
  /** Reads again what is shown, the newest 200 items at most. Rejects with a PulseError. */
  refetch(): Promise<void>;
}

/**
 * What `useActivities` gives. Every function that changes something shows it at once. Where the server refuses, that is
 * taken back, and the promise rejects with a PulseError.
 */
export interface UseActivitiesResult extends FeedResult {
  /** Newest first. */
  readonly activities: readonly Activity[];
  /** Creates an activity, shown at once with `pending: true`. */
  createActivity(input: NewActivity): Promise<Activity>;
  markAsRead(activityId: string): Promise<Activity>;
  markAllAsRead(): Promise<{ readonly modifiedCount: number }>;
  deleteActivity(activityId: string): Promise<{ readonly message: string }>;
}

/**
 * What `useNotifications` gives. Every function that changes something shows it at once. Where the server refuses, that
 * is taken back, and the promise rejects with a PulseError.
 */
export interface UseNotificationsResult extends FeedResult {
  /** Newest first, without those that have expired. */
  readonly notifications: readonly Notification[];
  /** Creates a notification, shown at once with `pending: true`. */
  createNotification(input: NewNotification): Promise<Notification>;
  markAsRead(notificationId: string): Promise<Notification>;
  markAllAsRead(): Promise<{ readonly modifiedCount: number }>;
  deleteNotification(notificationId: string): Promise<{ readonly message: string }>;
  clearAll(): Promise<{ readonly deletedCount: number }>;
}

/** A user's activities: the newest ones live, older ones as they are asked for. Takes a user id or options. */
export function useActivities(options?: string | UseActivitiesOptions): UseActivitiesResult {
  const client = usePulseClient();
  const { userId, type, unreadOnly, pageSize, enabled } = optionsOf(options);
  const { feed, list } = useMemo(() => ({
    feed: client.activities(userId),
    list: client.activityList({ userId, type, unreadOnly, pageSize }),
  }), [client, userId, type, unreadOnly, pageSize]);
  const view = useLiveQuery<FeedView<Activity>>(enabled === false ? null : list, IDLE(enabled));
  const calls = useMemo(() => ({
    ...callsOf(feed, list),
    createActivity: (input: NewActivity) => feed.create(input),
    deleteActivity: (id: string) => feed.remove(id),
  }), [feed, list]);
  return useMemo(() => resultOf("activities", view, calls), [view, calls]);
}

/** A user's notifications: the newest ones live, older ones as they are asked for. Takes a user id or options. */
export function useNotifications(options?: string | UseNotificationsOptions): UseNotificationsResult {
  const client = usePulseClient();
  const { userId, type, unreadOnly, pageSize, enabled } = optionsOf(options);
  const { feed, list } = useMemo(() => ({
    feed: client.notifications(userId),
    list: client.notificationList({ userId, type, unreadOnly, pageSize }),
  }), [client, userId, type, unreadOnly, pageSize]);
  const view = useLiveQuery<FeedView<Notification>>(enabled === false ? null : list, IDLE(enabled));
  const calls = useMemo(() => ({
    ...callsOf(feed, list),
    createNotification: (input: NewNotification) => feed.create(input),
    deleteNotification: (id: string) => feed.remove(id),
    clearAll: async () => ({ deletedCount: await feed.clear() }),
  }), [feed, list]);
  return useMemo(() => resultOf("notifications", view, calls), [view, calls]);
}

function optionsOf<Type>(options: string | UseFeedOptions<Type> | undefined): UseFeedOptions<Type> {
  return typeof options === "string" ? { userId: options } : (options ?? {});
}

const DISABLED: FeedView<never> = { ...EMPTY_VIEW, loading: false };

function IDLE(enabled: boolean | undefined): FeedView<never> {
  return enabled === false ? DISABLED : EMPTY_VIEW;
}

interface WithUser {
  readonly userId?: string | null | undefined;
}

interface Calls<Item> {
  loadMore(): Promise<void>;
  refetch(): Promise<void>;
  markAsRead(id: string): Promise<Item>;
  markAllAsRead(): Promise<{ readonly modifiedCount: number }>;
}

function callsOf<Item extends FeedItem, New extends WithUser>(
  feed: Feed<Item, New>, list: FeedList<Item, New>,
): Calls<Item> {
  return {
    loadMore: () => list.loadMore(),
    refetch: () => list.refetch(),
    markAsRead: (id) => feed.markRead(id),
    markAllAsRead: async () => ({ modifiedCount: await feed.markAllRead() }),
  };
}

function resultOf<Name extends "activities" | "notifications", Item, Functions>(
  name: Name, { items, ...view }: FeedView<Item>, calls: Functions,
): Record<Name, readonly Item[]> & Omit<FeedView<Item>, "items"> & Functions {
  return { [name]: items, ...view, ...calls } as Record<Name, readonly Item[]> & typeof view & Functions;
}
