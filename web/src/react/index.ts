export { PulseProvider, usePulseClient, type PulseProviderProps } from "./provider.js";
export { useLiveQuery } from "./live-query.js";
export {
  useActivities, useNotifications,
  type FeedResult, type UseActivitiesOptions, type UseActivitiesResult, type UseFeedOptions,
  type UseNotificationsOptions, type UseNotificationsResult,
} from "./feeds.js";
export {
  useActiveUsers, useAnalytics, useConnection, useLeaderboard, useUnreadCounts,
  type UseActiveUsersResult, type UseAnalyticsResult, type UseConnectionResult, type UseLeaderboardResult,
  type UseUnreadCountsResult,
} from "./states.js";
export { useSocket, type UseSocketResult } from "./socket.js";
