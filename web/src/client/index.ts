export { PulseClient, createPulseClient, type ListOptions, type PulseClientOptions } from "./client.js";
export type { AnalyticsResource, AnalyticsView, NewWeeklyData } from "./analytics.js";
export type { Watchable } from "./cell.js";
export type { ConnectionInfo } from "./connection.js";
export type { PulseDocument } from "./document.js";
export { PulseError, type PulseErrorCode } from "./errors.js";
export type { FeedList, FeedView } from "./feed-list.js";
export type { CountsView, Feed, FeedListener } from "./feed.js";
export type { FeedFilter, FeedItem } from "./kinds.js";
export type { FollowSink } from "./operation.js";
export type { Resource } from "./resource.js";
export type { TransportKind } from "./session.js";
export type {
  ActiveUsersResource, ActiveUsersView, LeaderboardResource, LeaderboardView, UnreadCountsResource,
} from "./states.js";
export { LIST_LIMIT, SOCKET_ATTEMPTS, TIMING } from "./timing.js";
export type { GetToken, TokenReason } from "./tokens.js";
export type {
  Activity, ActivityType, Analytics, MonthlyData, NewActivity, NewNotification, Notification, NotificationType,
  Release, StatName, UnreadCounts, WeeklyData,
} from "./types.js";
