// Made by `npm run codegen` of schema.graphql and src/client/operations.graphql. Do not edit.

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What kind of thing a user did. */
export type ActivityType =
  /** Signed in. */
  | 'LOGIN'
  /** Wrote a learning log. */
  | 'LOG_CREATED'
  /** Reached a goal. */
  | 'GOAL_COMPLETED'
  /** Added a skill. */
  | 'SKILL_ADDED'
  /** Changed the portfolio. */
  | 'PORTFOLIO_UPDATED'
  /** Was sent an e-mail. */
  | 'EMAIL_SENT';

/** An activity to be created. */
export type CreateActivityInput = {
  /** Whose activity it is; the viewer's own if absent. */
  readonly userId?: string | null | undefined;
  /** What kind of thing it was. */
  readonly type: ActivityType;
  /** One line about it: 1 to 200 characters. */
  readonly title: string;
  /** More about it: up to 2,000 characters. */
  readonly description?: string | null | undefined;
  /** Any JSON: up to 16 KiB and 32 levels deep. */
  readonly data?: unknown;
};

/** A notification to be created. */
export type CreateNotificationInput = {
  /** Who is told; the viewer if absent. Telling somebody else takes a service or admin. */
  readonly userId?: string | null | undefined;
  /** What kind of message it is. */
  readonly type: NotificationType;
  /** One line: 1 to 200 characters. */
  readonly title: string;
  /** The message: up to 2,000 characters. */
  readonly message: string;
  /** A path that starts with one `/`, or an http(s) URL; up to 2,048 characters. */
  readonly actionUrl?: string | null | undefined;
  /** From when on it is gone, in the future; 30 days after its creation if absent. */
  readonly expiresAt?: string | null | undefined;
};

/** What kind of message it is. */
export type NotificationType =
  /** Something was achieved. */
  | 'ACHIEVEMENT'
  /** A mark was passed. */
  | 'MILESTONE'
  /** Something is due. */
  | 'REMINDER'
  /** The product itself speaks. */
  | 'SYSTEM'
  /** Other people did something. */
  | 'SOCIAL';

/** A counter of the analytics. */
export type StatName =
  /** Learning logs written. */
  | 'LOGS_CREATED'
  /** Goals reached. */
  | 'GOALS_COMPLETED'
  /** Skills added. */
  | 'SKILLS_ADDED';

export type ActivityFieldsFragment = { readonly id: string, readonly userId: string, readonly type: ActivityType, readonly title: string, readonly description: string | null, readonly data: unknown, readonly timestamp: string, readonly read: boolean, readonly cursor: string };

export type NotificationFieldsFragment = { readonly id: string, readonly userId: string, readonly type: NotificationType, readonly title: string, readonly message: string, readonly read: boolean, readonly actionUrl: string | null, readonly createdAt: string, readonly expiresAt: string, readonly cursor: string };

export type AnalyticsFieldsFragment = { readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> };

export type ActivitiesQueryVariables = Exact<{
  userId?: string | null | undefined;
  limit: number;
  skip: number;
}>;


export type ActivitiesQuery = { readonly activities: { readonly total: number, readonly hasMore: boolean, readonly unreadCount: number, readonly cursor: string, readonly activities: ReadonlyArray<{ readonly id: string, readonly userId: string, readonly type: ActivityType, readonly title: string, readonly description: string | null, readonly data: unknown, readonly timestamp: string, readonly read: boolean, readonly cursor: string }> } };

export type ActivitiesBeforeQueryVariables = Exact<{
  userId?: string | null | undefined;
  first: number;
  after?: string | null | undefined;
  type?: ActivityType | null | undefined;
  unreadOnly?: boolean | null | undefined;
}>;


export type ActivitiesBeforeQuery = { readonly activityConnection: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly userId: string, readonly type: ActivityType, readonly title: string, readonly description: string | null, readonly data: unknown, readonly timestamp: string, readonly read: boolean, readonly cursor: string }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type UnreadActivityCountQueryVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type UnreadActivityCountQuery = { readonly unreadActivityCount: number };

export type NotificationsQueryVariables = Exact<{
  userId?: string | null | undefined;
  limit: number;
  skip: number;
}>;


export type NotificationsQuery = { readonly notifications: { readonly total: number, readonly hasMore: boolean, readonly unreadCount: number, readonly cursor: string, readonly notifications: ReadonlyArray<{ readonly id: string, readonly userId: string, readonly type: NotificationType, readonly title: string, readonly message: string, readonly read: boolean, readonly actionUrl: string | null, readonly createdAt: string, readonly expiresAt: string, readonly cursor: string }> } };

export type NotificationsBeforeQueryVariables = Exact<{
  userId?: string | null | undefined;
  first: number;
  after?: string | null | undefined;
  type?: NotificationType | null | undefined;
  unreadOnly?: boolean | null | undefined;
}>;


export type NotificationsBeforeQuery = { readonly notificationConnection: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly userId: string, readonly type: NotificationType, readonly title: string, readonly message: string, readonly read: boolean, readonly actionUrl: string | null, readonly createdAt: string, readonly expiresAt: string, readonly cursor: string }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type UnreadNotificationCountQueryVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type UnreadNotificationCountQuery = { readonly unreadNotificationCount: number };

export type HeadQueryVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type HeadQuery = { readonly activities: { readonly cursor: string } };

export type AnalyticsQueryVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type AnalyticsQuery = { readonly analytics: { readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> } | null };

export type LeaderboardQueryVariables = Exact<{
  limit: number;
  skip: number;
}>;


export type LeaderboardQuery = { readonly leaderboard: { readonly total: number, readonly hasMore: boolean, readonly analytics: ReadonlyArray<{ readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> }> } };

export type ActiveUsersQueryVariables = Exact<{ [key: string]: never; }>;


export type ActiveUsersQuery = { readonly activeUsers: number };

export type ReachableQueryVariables = Exact<{ [key: string]: never; }>;


export type ReachableQuery = { readonly __typename: 'Query' };

export type CreateActivityMutationVariables = Exact<{
  input: CreateActivityInput;
}>;


export type CreateActivityMutation = { readonly createActivity: { readonly id: string, readonly userId: string, readonly type: ActivityType, readonly title: string, readonly description: string | null, readonly data: unknown, readonly timestamp: string, readonly read: boolean, readonly cursor: string } };

export type MarkActivityReadMutationVariables = Exact<{
  id: string;
}>;


export type MarkActivityReadMutation = { readonly markActivityRead: { readonly id: string, readonly userId: string, readonly type: ActivityType, readonly title: string, readonly description: string | null, readonly data: unknown, readonly timestamp: string, readonly read: boolean, readonly cursor: string } };

export type MarkAllActivitiesReadMutationVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type MarkAllActivitiesReadMutation = { readonly markAllActivitiesRead: { readonly modifiedCount: number } };

export type DeleteActivityMutationVariables = Exact<{
  id: string;
}>;


export type DeleteActivityMutation = { readonly deleteActivity: { readonly id: string, readonly message: string } };

export type InitAnalyticsMutationVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type InitAnalyticsMutation = { readonly initAnalytics: { readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> } };

export type UpdateLearningHoursMutationVariables = Exact<{
  userId?: string | null | undefined;
  hours: number;
}>;


export type UpdateLearningHoursMutation = { readonly updateLearningHours: { readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> } };

export type UpdateStreakMutationVariables = Exact<{
  userId?: string | null | undefined;
  currentStreak: number;
  longestStreak: number;
}>;


export type UpdateStreakMutation = { readonly updateStreak: { readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> } };

export type IncrementStatMutationVariables = Exact<{
  userId?: string | null | undefined;
  statName: StatName;
  incrementBy: number;
}>;


export type IncrementStatMutation = { readonly incrementStat: { readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> } };

export type AddWeeklyDataMutationVariables = Exact<{
  userId?: string | null | undefined;
  date: string;
  hoursLogged: number;
  logsCount: number;
}>;


export type AddWeeklyDataMutation = { readonly addWeeklyData: { readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> } };

export type CreateNotificationMutationVariables = Exact<{
  input: CreateNotificationInput;
}>;


export type CreateNotificationMutation = { readonly createNotification: { readonly id: string, readonly userId: string, readonly type: NotificationType, readonly title: string, readonly message: string, readonly read: boolean, readonly actionUrl: string | null, readonly createdAt: string, readonly expiresAt: string, readonly cursor: string } };

export type MarkNotificationReadMutationVariables = Exact<{
  id: string;
}>;


export type MarkNotificationReadMutation = { readonly markNotificationRead: { readonly id: string, readonly userId: string, readonly type: NotificationType, readonly title: string, readonly message: string, readonly read: boolean, readonly actionUrl: string | null, readonly createdAt: string, readonly expiresAt: string, readonly cursor: string } };

export type MarkAllNotificationsReadMutationVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type MarkAllNotificationsReadMutation = { readonly markAllNotificationsRead: { readonly modifiedCount: number } };

export type DeleteNotificationMutationVariables = Exact<{
  id: string;
}>;


export type DeleteNotificationMutation = { readonly deleteNotification: { readonly id: string, readonly message: string } };

export type ClearNotificationsMutationVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type ClearNotificationsMutation = { readonly clearNotifications: { readonly deletedCount: number } };

export type ActivityCreatedSubscriptionVariables = Exact<{
  userId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type ActivityCreatedSubscription = { readonly activityCreated: { readonly id: string, readonly userId: string, readonly type: ActivityType, readonly title: string, readonly description: string | null, readonly data: unknown, readonly timestamp: string, readonly read: boolean, readonly cursor: string } };

export type NotificationReceivedSubscriptionVariables = Exact<{
  userId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type NotificationReceivedSubscription = { readonly notificationReceived: { readonly id: string, readonly userId: string, readonly type: NotificationType, readonly title: string, readonly message: string, readonly read: boolean, readonly actionUrl: string | null, readonly createdAt: string, readonly expiresAt: string, readonly cursor: string } };

export type AnalyticsUpdatedSubscriptionVariables = Exact<{
  userId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type AnalyticsUpdatedSubscription = { readonly analyticsUpdated: { readonly userId: string, readonly totalLearningHours: number, readonly currentStreak: number, readonly longestStreak: number, readonly logsCreated: number, readonly goalsCompleted: number, readonly skillsAdded: number, readonly updatedAt: string, readonly cursor: string, readonly weeklyData: ReadonlyArray<{ readonly date: string, readonly hoursLogged: number, readonly logsCount: number }>, readonly monthlyData: ReadonlyArray<{ readonly month: string, readonly hoursLogged: number, readonly logsCount: number }> } };

export type UnreadCountsSubscriptionVariables = Exact<{
  userId?: string | null | undefined;
}>;


export type UnreadCountsSubscription = { readonly unreadCounts: { readonly activities: number, readonly notifications: number, readonly cursor: string } };

export type ActiveUsersChangedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type ActiveUsersChangedSubscription = { readonly activeUsers: number };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ActivityFieldsFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment ActivityFields on Activity {
  id
  userId
  type
  title
  description
  data
  timestamp
  read
  cursor
}
    `, {"fragmentName":"ActivityFields"}) as unknown as TypedDocumentString<ActivityFieldsFragment, unknown>;
export const NotificationFieldsFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment NotificationFields on Notification {
  id
  userId
  type
  title
  message
  read
  actionUrl
  createdAt
  expiresAt
  cursor
}
    `, {"fragmentName":"NotificationFields"}) as unknown as TypedDocumentString<NotificationFieldsFragment, unknown>;
export const AnalyticsFieldsFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}
    `, {"fragmentName":"AnalyticsFields"}) as unknown as TypedDocumentString<AnalyticsFieldsFragment, unknown>;
export const ActivitiesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Activities($userId: ID, $limit: Int!, $skip: Int!) {
  activities(userId: $userId, limit: $limit, skip: $skip) {
    activities {
      ...ActivityFields
    }
    total
    hasMore
    unreadCount
    cursor
  }
}
    fragment ActivityFields on Activity {
  id
  userId
  type
  title
  description
  data
  timestamp
  read
  cursor
}`) as unknown as TypedDocumentString<ActivitiesQuery, ActivitiesQueryVariables>;
export const ActivitiesBeforeDocument = /*#__PURE__*/ new TypedDocumentString(`
    query ActivitiesBefore($userId: ID, $first: Int!, $after: String, $type: ActivityType, $unreadOnly: Boolean) {
  activityConnection(
    userId: $userId
    first: $first
    after: $after
    type: $type
    unreadOnly: $unreadOnly
  ) {
    nodes {
      ...ActivityFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment ActivityFields on Activity {
  id
  userId
  type
  title
  description
  data
  timestamp
  read
  cursor
}`) as unknown as TypedDocumentString<ActivitiesBeforeQuery, ActivitiesBeforeQueryVariables>;
export const UnreadActivityCountDocument = /*#__PURE__*/ new TypedDocumentString(`
    query UnreadActivityCount($userId: ID) {
  unreadActivityCount(userId: $userId)
}
    `) as unknown as TypedDocumentString<UnreadActivityCountQuery, UnreadActivityCountQueryVariables>;
export const NotificationsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Notifications($userId: ID, $limit: Int!, $skip: Int!) {
  notifications(userId: $userId, limit: $limit, skip: $skip) {
    notifications {
      ...NotificationFields
    }
    total
    hasMore
    unreadCount
    cursor
  }
}
    fragment NotificationFields on Notification {
  id
  userId
  type
  title
  message
  read
  actionUrl
  createdAt
  expiresAt
  cursor
}`) as unknown as TypedDocumentString<NotificationsQuery, NotificationsQueryVariables>;
export const NotificationsBeforeDocument = /*#__PURE__*/ new TypedDocumentString(`
    query NotificationsBefore($userId: ID, $first: Int!, $after: String, $type: NotificationType, $unreadOnly: Boolean) {
  notificationConnection(
    userId: $userId
    first: $first
    after: $after
    type: $type
    unreadOnly: $unreadOnly
  ) {
    nodes {
      ...NotificationFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment NotificationFields on Notification {
  id
  userId
  type
  title
  message
  read
  actionUrl
  createdAt
  expiresAt
  cursor
}`) as unknown as TypedDocumentString<NotificationsBeforeQuery, NotificationsBeforeQueryVariables>;
export const UnreadNotificationCountDocument = /*#__PURE__*/ new TypedDocumentString(`
    query UnreadNotificationCount($userId: ID) {
  unreadNotificationCount(userId: $userId)
}
    `) as unknown as TypedDocumentString<UnreadNotificationCountQuery, UnreadNotificationCountQueryVariables>;
export const HeadDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Head($userId: ID) {
  activities(userId: $userId, limit: 1) {
    cursor
  }
}
    `) as unknown as TypedDocumentString<HeadQuery, HeadQueryVariables>;
export const AnalyticsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Analytics($userId: ID) {
  analytics(userId: $userId) {
    ...AnalyticsFields
  }
}
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}`) as unknown as TypedDocumentString<AnalyticsQuery, AnalyticsQueryVariables>;
export const LeaderboardDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Leaderboard($limit: Int!, $skip: Int!) {
  leaderboard(limit: $limit, skip: $skip) {
    analytics {
      ...AnalyticsFields
    }
    total
    hasMore
  }
}
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}`) as unknown as TypedDocumentString<LeaderboardQuery, LeaderboardQueryVariables>;
export const ActiveUsersDocument = /*#__PURE__*/ new TypedDocumentString(`
    query ActiveUsers {
  activeUsers
}
    `) as unknown as TypedDocumentString<ActiveUsersQuery, ActiveUsersQueryVariables>;
export const ReachableDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Reachable {
  __typename
}
    `) as unknown as TypedDocumentString<ReachableQuery, ReachableQueryVariables>;
export const CreateActivityDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation CreateActivity($input: CreateActivityInput!) {
  createActivity(input: $input) {
    ...ActivityFields
  }
}
    fragment ActivityFields on Activity {
  id
  userId
  type
  title
  description
  data
  timestamp
  read
  cursor
}`) as unknown as TypedDocumentString<CreateActivityMutation, CreateActivityMutationVariables>;
export const MarkActivityReadDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation MarkActivityRead($id: ID!) {
  markActivityRead(id: $id) {
    ...ActivityFields
  }
}
    fragment ActivityFields on Activity {
  id
  userId
  type
  title
  description
  data
  timestamp
  read
  cursor
}`) as unknown as TypedDocumentString<MarkActivityReadMutation, MarkActivityReadMutationVariables>;
export const MarkAllActivitiesReadDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation MarkAllActivitiesRead($userId: ID) {
  markAllActivitiesRead(userId: $userId) {
    modifiedCount
  }
}
    `) as unknown as TypedDocumentString<MarkAllActivitiesReadMutation, MarkAllActivitiesReadMutationVariables>;
export const DeleteActivityDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation DeleteActivity($id: ID!) {
  deleteActivity(id: $id) {
    id
    message
  }
}
    `) as unknown as TypedDocumentString<DeleteActivityMutation, DeleteActivityMutationVariables>;
export const InitAnalyticsDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation InitAnalytics($userId: ID) {
  initAnalytics(userId: $userId) {
    ...AnalyticsFields
  }
}
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}`) as unknown as TypedDocumentString<InitAnalyticsMutation, InitAnalyticsMutationVariables>;
export const UpdateLearningHoursDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation UpdateLearningHours($userId: ID, $hours: Float!) {
  updateLearningHours(userId: $userId, hours: $hours) {
    ...AnalyticsFields
  }
}
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}`) as unknown as TypedDocumentString<UpdateLearningHoursMutation, UpdateLearningHoursMutationVariables>;
export const UpdateStreakDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation UpdateStreak($userId: ID, $currentStreak: Int!, $longestStreak: Int!) {
  updateStreak(
    userId: $userId
    currentStreak: $currentStreak
    longestStreak: $longestStreak
  ) {
    ...AnalyticsFields
  }
}
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}`) as unknown as TypedDocumentString<UpdateStreakMutation, UpdateStreakMutationVariables>;
export const IncrementStatDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation IncrementStat($userId: ID, $statName: StatName!, $incrementBy: Int!) {
  incrementStat(userId: $userId, statName: $statName, incrementBy: $incrementBy) {
    ...AnalyticsFields
  }
}
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}`) as unknown as TypedDocumentString<IncrementStatMutation, IncrementStatMutationVariables>;
export const AddWeeklyDataDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation AddWeeklyData($userId: ID, $date: Date!, $hoursLogged: Float!, $logsCount: Int!) {
  addWeeklyData(
    userId: $userId
    date: $date
    hoursLogged: $hoursLogged
    logsCount: $logsCount
  ) {
    ...AnalyticsFields
  }
}
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}`) as unknown as TypedDocumentString<AddWeeklyDataMutation, AddWeeklyDataMutationVariables>;
export const CreateNotificationDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation CreateNotification($input: CreateNotificationInput!) {
  createNotification(input: $input) {
    ...NotificationFields
  }
}
    fragment NotificationFields on Notification {
  id
  userId
  type
  title
  message
  read
  actionUrl
  createdAt
  expiresAt
  cursor
}`) as unknown as TypedDocumentString<CreateNotificationMutation, CreateNotificationMutationVariables>;
export const MarkNotificationReadDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation MarkNotificationRead($id: ID!) {
  markNotificationRead(id: $id) {
    ...NotificationFields
  }
}
    fragment NotificationFields on Notification {
  id
  userId
  type
  title
  message
  read
  actionUrl
  createdAt
  expiresAt
  cursor
}`) as unknown as TypedDocumentString<MarkNotificationReadMutation, MarkNotificationReadMutationVariables>;
export const MarkAllNotificationsReadDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation MarkAllNotificationsRead($userId: ID) {
  markAllNotificationsRead(userId: $userId) {
    modifiedCount
  }
}
    `) as unknown as TypedDocumentString<MarkAllNotificationsReadMutation, MarkAllNotificationsReadMutationVariables>;
export const DeleteNotificationDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation DeleteNotification($id: ID!) {
  deleteNotification(id: $id) {
    id
    message
  }
}
    `) as unknown as TypedDocumentString<DeleteNotificationMutation, DeleteNotificationMutationVariables>;
export const ClearNotificationsDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation ClearNotifications($userId: ID) {
  clearNotifications(userId: $userId) {
    deletedCount
  }
}
    `) as unknown as TypedDocumentString<ClearNotificationsMutation, ClearNotificationsMutationVariables>;
export const ActivityCreatedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription ActivityCreated($userId: ID, $after: String) {
  activityCreated(userId: $userId, after: $after) {
    ...ActivityFields
  }
}
    fragment ActivityFields on Activity {
  id
  userId
  type
  title
  description
  data
  timestamp
  read
  cursor
}`) as unknown as TypedDocumentString<ActivityCreatedSubscription, ActivityCreatedSubscriptionVariables>;
export const NotificationReceivedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription NotificationReceived($userId: ID, $after: String) {
  notificationReceived(userId: $userId, after: $after) {
    ...NotificationFields
  }
}
    fragment NotificationFields on Notification {
  id
  userId
  type
  title
  message
  read
  actionUrl
  createdAt
  expiresAt
  cursor
}`) as unknown as TypedDocumentString<NotificationReceivedSubscription, NotificationReceivedSubscriptionVariables>;
export const AnalyticsUpdatedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription AnalyticsUpdated($userId: ID, $after: String) {
  analyticsUpdated(userId: $userId, after: $after) {
    ...AnalyticsFields
  }
}
    fragment AnalyticsFields on Analytics {
  userId
  totalLearningHours
  currentStreak
  longestStreak
  logsCreated
  goalsCompleted
  skillsAdded
  weeklyData {
    date
    hoursLogged
    logsCount
  }
  monthlyData {
    month
    hoursLogged
    logsCount
  }
  updatedAt
  cursor
}`) as unknown as TypedDocumentString<AnalyticsUpdatedSubscription, AnalyticsUpdatedSubscriptionVariables>;
export const UnreadCountsDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription UnreadCounts($userId: ID) {
  unreadCounts(userId: $userId) {
    activities
    notifications
    cursor
  }
}
    `) as unknown as TypedDocumentString<UnreadCountsSubscription, UnreadCountsSubscriptionVariables>;
export const ActiveUsersChangedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription ActiveUsersChanged {
  activeUsers
}
    `) as unknown as TypedDocumentString<ActiveUsersChangedSubscription, ActiveUsersChangedSubscriptionVariables>;
