export { getPulseClient, setPulseClient } from "./current.js";
export {
  activityService, analyticsService, createServices, notificationService,
  type ActivityPage, type ActivityService, type AnalyticsService, type LeaderboardPage, type NotificationPage,
  type NotificationService, type RealtimeServices,
} from "./realtime.js";
export {
  PulseSocket, createSocketService, socketService,
  type AllData, type DataByName, type ErrorMessage, type SocketCalls, type SocketEvents, type SocketOptions,
  type SocketService, type UsersStatus,
} from "./socket.js";
