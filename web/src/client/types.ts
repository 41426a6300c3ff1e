import type { CreateActivityInput, CreateNotificationInput } from "../generated/operations.js";

/** What kind of thing a user did, in the words of REST. */
export type ActivityType =
  | "login"
  | "log_created"
  | "goal_completed"
  | "skill_added"
  | "portfolio_updated"
  | "email_sent";

/** What kind of message a notification is, in the words of REST. */
export type NotificationType = "achievement" | "milestone" | "reminder" | "system" | "social";

/** A counter of the analytics. */
export type StatName = "logsCreated" | "goalsCompleted" | "skillsAdded";

/** Something that a user did, as REST shows it, with `id` beside `_id`. */
export interface Activity {
  /** The same as `id`: for components that were written for REST. */
  readonly _id: string;
  /** 24 hex digits; of an item that is still on its way: `pending:` and a number. */
  readonly id: string;
  readonly userId: string;
  readonly type: ActivityType;
  readonly title: string;
  readonly description?: string;
  /** Any JSON that the creator attached. */
  readonly data?: unknown;
  /** RFC 3339 in UTC. */
  readonly timestamp: string;
  readonly read: boolean;
  /** The position of the change that made it; empty while it is on its way. */
  readonly cursor: string;
  /** True while its creation has not been answered; absent afterwards. */
  readonly pending?: true;
}

/** Something that a user is told, as REST shows it, with `id` beside `_id`. */
export interface Notification {
  /** The same as `id`: for components that were written for REST. */
  readonly _id: string;
  /** 24 hex digits; of an item that is still on its way: `pending:` and a number. */
  readonly id: string;
  readonly userId: string;
  readonly type: NotificationType;
  readonly title: string;
  readonly message: string;
  readonly read: boolean;
  readonly actionUrl?: string;
  /** RFC 3339 in UTC. */
  readonly createdAt: string;
  /** From when on it is gone. */
  readonly expiresAt: string;
  /** The position of the change that made it; empty while it is on its way. */
  readonly cursor: string;
  /** True while its creation has not been answered; absent afterwards. */
  readonly pending?: true;
}

/** One day of learning. */
export interface WeeklyData {
  /** `YYYY-MM-DD` in UTC. */
  readonly date: string;
  readonly hoursLogged: number;
  readonly logsCount: number;
}

/** One month of learning: the sum of its days. */
export interface MonthlyData {
  /** `YYYY-MM` in UTC. */
  readonly month: string;
  readonly hoursLogged: number;
  readonly logsCount: number;
}

/** What a user has reached, in numbers. */
export interface Analytics {
  readonly userId: string;
  readonly totalLearningHours: number;
  readonly currentStreak: number;
  readonly longestStreak: number;
  readonly logsCreated: number;
  readonly goalsCompleted: number;
  readonly skillsAdded: number;
  /** Ascending by date: the newest 84 days that have an entry. */
  readonly weeklyData: readonly WeeklyData[];
  /** Ascending: the newest 24 months that have an entry. */
  readonly monthlyData: readonly MonthlyData[];
  readonly updatedAt: string;
  readonly cursor: string;
}

/** How much a user has not read: the server's own numbers. */
export interface UnreadCounts {
  readonly activities: number;
  readonly notifications: number;
}

/** An activity to be created. `userId` is the viewer if absent. */
export type NewActivity = Omit<CreateActivityInput, "type"> & { readonly type: ActivityType };

/** A notification to be created. `userId` is the viewer if absent; somebody else takes a service or admin. */
export type NewNotification = Omit<CreateNotificationInput, "type"> & { readonly type: NotificationType };

/** What is done by whoever ends something early. Calling it again does nothing. */
export type Release = () => void;
