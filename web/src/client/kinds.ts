import {
  ActivitiesBeforeDocument, ActivitiesDocument, ActivityCreatedDocument, ClearNotificationsDocument,
  CreateActivityDocument, CreateNotificationDocument, DeleteActivityDocument, DeleteNotificationDocument,
  MarkActivityReadDocument, MarkAllActivitiesReadDocument, MarkAllNotificationsReadDocument,
  MarkNotificationReadDocument, NotificationReceivedDocument, NotificationsBeforeDocument, NotificationsDocument,
  type ActivityFieldsFragment, type NotificationFieldsFragment,
} from "../generated/operations.js";
import type * as generated from "../generated/operations.js";
import type { FollowSink } from "./operation.js";
import type { PulseDocument } from "./document.js";
import type {
  Activity, ActivityType, NewActivity, NewNotification, Notification, NotificationType, Release, UnreadCounts,
} from "./types.js";

/** What a feed needs of the client. */
export interface Caller {
  query<Data, Variables extends object>(document: PulseDocument<Data, Variables>, variables: Variables): Promise<Data>;
  mutate<Data, Variables extends object>(document: PulseDocument<Data, Variables>, variables: Variables): Promise<Data>;
  follow<Data, Variables extends object>(
    document: PulseDocument<Data, Variables>, variables: Variables, sink: FollowSink<Data>,
  ): Release;
}

/** Whose things are meant: the viewer's own where `userId` is undefined. */
export interface Whose {
  readonly userId: string | undefined;
}

/** A page by number. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly hasMore: boolean;
  readonly unreadCount: number;
  readonly cursor: string;
}

/** A page by cursor. */
export interface OlderPage<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/** Which items of a feed. */
export interface FeedFilter<Type> {
  readonly type?: Type | undefined;
  readonly unreadOnly?: boolean | undefined;
}

/** What activities and notifications have in common. */
export interface FeedItem {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly read: boolean;
  readonly cursor: string;
  readonly pending?: true;
}

/** What makes the feed of activities different from that of notifications. */
export interface Kind<Item extends FeedItem, New> {
  readonly name: "activities" | "notifications";
  page(caller: Caller, whose: Whose, limit: number, skip: number): Promise<Page<Item>>;
  older(
    caller: Caller, whose: Whose, first: number, after: string | null, filter: FeedFilter<string>,
  ): Promise<OlderPage<Item>>;
  follow(caller: Caller, whose: Whose, after: string, sink: FollowSink<Item>): Release;
  create(caller: Caller, input: New): Promise<Item>;
  markRead(caller: Caller, id: string): Promise<Item>;
  markAllRead(caller: Caller, whose: Whose): Promise<number>;
  remove(caller: Caller, id: string): Promise<{ readonly id: string; readonly message: string }>;
  clear?(caller: Caller, whose: Whose): Promise<number>;
  /** The item as it will probably be, until the server says how it is. */
  draft(input: New, id: string, userId: string): Item;
  /** Whether the item may be what became of the draft. */
  same(draft: Item, item: Item): boolean;
  /** When the item is gone, in milliseconds. */
  expires(item: Item): number;
  unread(counts: UnreadCounts): number;
}

const VARIABLES = ({ userId }: Whose): { userId: string | null } => ({ userId: userId ?? null });
const enumOf = <Enum extends string>(word: string): Enum => word.toUpperCase() as Enum;

/** An activity as GraphQL sends it, in the shape of REST. */
export function activityOf(item: ActivityFieldsFragment): Activity {
  const { id, description, data, type, ...rest } = item;
  return {
    _id: id,
    id,
    ...rest,
    type: type.toLowerCase() as ActivityType,
    ...(description === null ? {} : { description }),
    ...(data === null || data === undefined ? {} : { data }),
  };
}

/** A notification as GraphQL sends it, in the shape of REST. */
export function notificationOf(item: NotificationFieldsFragment): Notification {
  const { id, actionUrl, type, ...rest } = item;
  return {
    _id: id,
    id,
    ...rest,
    type: type.toLowerCase() as NotificationType,
    ...(actionUrl === null ? {} : { actionUrl }),
  };
}

export const ACTIVITIES: Kind<Activity, NewActivity> = {
  name: "activities",
  async page(caller, whose, limit, skip) {
    const { activities } = await caller.query(ActivitiesDocument, { ...VARIABLES(whose), limit, skip });
    const { activities: items, ...page } = activities;
    return { ...page, items: items.map(activityOf) };
  },
  async older(caller, whose, first, after, { type, unreadOnly }) {
    const { activityConnection } = await caller.query(ActivitiesBeforeDocument, {
      ...VARIABLES(whose), first, after,
      type: type === undefined ? null : enumOf<generated.ActivityType>(type),
      unreadOnly: unreadOnly ?? null,
    });
    return { items: activityConnection.nodes.map(activityOf), hasMore: activityConnection.pageInfo.hasNextPage };
  },
  follow(caller, whose, after, sink) {
    return caller.follow(ActivityCreatedDocument, { ...VARIABLES(whose), after }, {
      ...sink,
      next: ({ activityCreated }) => sink.next(activityOf(activityCreated)),
    });
  },
  async create(caller, input) {
    const data = await caller.mutate(CreateActivityDocument, {
      input: { ...input, type: enumOf<generated.ActivityType>(input.type) },
    });
    return activityOf(data.createActivity);
  },
  async markRead(caller, id) {
    return activityOf((await caller.mutate(MarkActivityReadDocument, { id })).markActivityRead);
  },
  async markAllRead(caller, whose) {
    const data = await caller.mutate(MarkAllActivitiesReadDocument, VARIABLES(whose));
    return data.markAllActivitiesRead.modifiedCount;
  },
  async remove(caller, id) {
    return (await caller.mutate(DeleteActivityDocument, { id })).deleteActivity;
  },
  draft(input, id, userId) {
    return {
      _id: id, id, userId, type: input.type, title: input.title, read: false, cursor: "", pending: true,
      timestamp: new Date().toISOString(),
      ...(input.description == null ? {} : { description: input.description }),
      ...(input.data == null ? {} : { data: input.data }),
    };
  },
  same: (draft, item) =>
    draft.type === item.type && draft.title === item.title && draft.description === item.description,
  expires: () => Number.POSITIVE_INFINITY,
  unread: (counts) => counts.activities,
};

const THIRTY_DAYS = 30 * 24 * 60 * 60 * 1000;

export const NOTIFICATIONS: Kind<Notification, NewNotification> = {
  name: "notifications",
  async page(caller, whose, limit, skip) {
    const { notifications } = await caller.query(NotificationsDocument, { ...VARIABLES(whose), limit, skip });
    const { notifications: items, ...page } = notifications;
    return { ...page, items: items.map(notificationOf) };
  },
  async older(caller, whose, first, after, { type, unreadOnly }) {
    const { notificationConnection } = await caller.query(NotificationsBeforeDocument, {
      ...VARIABLES(whose), first, after,
      type: type === undefined ? null : enumOf<generated.NotificationType>(type),
      unreadOnly: unreadOnly ?? null,
    });
    const { nodes, pageInfo } = notificationConnection;
    return { items: nodes.map(notificationOf), hasMore: pageInfo.hasNextPage };
  },
  follow(caller, whose, after, sink) {
    return caller.follow(NotificationReceivedDocument, { ...VARIABLES(whose), after }, {
      ...sink,
      next: ({ notificationReceived }) => sink.next(notificationOf(notificationReceived)),
    });
  },
  async create(caller, input) {
    const data = await caller.mutate(CreateNotificationDocument, {
      input: { ...input, type: enumOf<generated.NotificationType>(input.type) },
    });
    return notificationOf(data.createNotification);
  },
  async markRead(caller, id) {
    return notificationOf((await caller.mutate(MarkNotificationReadDocument, { id })).markNotificationRead);
  },
  async markAllRead(caller, whose) {
    const data = await caller.mutate(MarkAllNotificationsReadDocument, VARIABLES(whose));
    return data.markAllNotificationsRead.modifiedCount;
  },
  async remove(caller, id) {
    return (await caller.mutate(DeleteNotificationDocument, { id })).deleteNotification;
  },
  async clear(caller, whose) {
    return (await caller.mutate(ClearNotificationsDocument, VARIABLES(whose))).clearNotifications.deletedCount;
  },
  draft(input, id, userId) {
    const now = Date.now();
    return {
      _id: id, id, userId, type: input.type, title: input.title, message: input.message, read: false, cursor: "",
      pending: true, createdAt: new Date(now).toISOString(),
      expiresAt: input.expiresAt ?? new Date(now + THIRTY_DAYS).toISOString(),
      ...(input.actionUrl == null ? {} : { actionUrl: input.actionUrl }),
    };
  },
  same: (draft, item) =>
    draft.type === item.type && draft.title === item.title && draft.message === item.message,
  expires: ({ expiresAt }) => Date.parse(expiresAt),
  unread: (counts) => counts.notifications,
};
