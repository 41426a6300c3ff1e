import type { ActivityType, NotificationType } from "../../index";
import type { IconName } from "./Icon";

/** How a kind of thing is shown. */
export interface Look {
  readonly label: string;
  readonly icon: IconName;
  readonly tone: "accent" | "blue" | "violet" | "teal" | "good" | "warning";
}

export const ACTIVITY_LOOKS: Readonly<Record<ActivityType, Look>> = {
  log_created: { label: "Log", icon: "log", tone: "blue" },
  goal_completed: { label: "Goal", icon: "goal", tone: "good" },
  skill_added: { label: "Skill", icon: "skill", tone: "violet" },
  portfolio_updated: { label: "Portfolio", icon: "portfolio", tone: "teal" },
  email_sent: { label: "E-mail", icon: "email", tone: "warning" },
  login: { label: "Sign-in", icon: "login", tone: "accent" },
};

export const NOTIFICATION_LOOKS: Readonly<Record<NotificationType, Look>> = {
  achievement: { label: "Achievement", icon: "achievement", tone: "warning" },
  milestone: { label: "Milestone", icon: "milestone", tone: "good" },
  reminder: { label: "Reminder", icon: "reminder", tone: "blue" },
  system: { label: "System", icon: "system", tone: "teal" },
  social: { label: "Social", icon: "social", tone: "violet" },
};

export const ACTIVITY_TYPES = Object.keys(ACTIVITY_LOOKS) as ActivityType[];
export const NOTIFICATION_TYPES = Object.keys(NOTIFICATION_LOOKS) as NotificationType[];

/** What an unknown kind looks like: a newer server may have more of them. */
export const PLAIN_LOOK: Look = { label: "Other", icon: "pulse", tone: "accent" };
