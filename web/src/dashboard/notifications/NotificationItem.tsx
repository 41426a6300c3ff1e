import type { Notification } from "../../index";
import { Icon } from "../ui/Icon";
import { KindIcon } from "../ui/KindIcon";
import { NOTIFICATION_LOOKS, PLAIN_LOOK } from "../ui/kinds";
import { safeLink } from "../ui/links";
import { Time } from "../ui/Time";

interface NotificationItemProps {
  readonly notification: Notification;
  readonly isFresh: boolean;
  markRead(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

/** One notification. */
export function NotificationItem({ notification, isFresh, markRead, remove }: NotificationItemProps) {
  const { id, type, title, message, read, actionUrl, createdAt, pending } = notification;
  const look = NOTIFICATION_LOOKS[type] ?? PLAIN_LOOK;
  const link = actionUrl === undefined ? null : safeLink(actionUrl);
  const classes = ["item", read ? "" : "item-unread", isFresh ? "item-fresh" : "", pending ? "item-pending" : ""];
  return (
    <li className={classes.join(" ")} data-id={id}>
      <KindIcon look={look} />
      <div className="item-body">
        <h3>
          {!read && <span className="visually-hidden">Unread: </span>}
          {title}
        </h3>
        <p className="item-text">{message}</p>
        <div className="item-meta">
          <span>{look.label}</span>
          {pending ? <span>Saving…</span> : <Time at={createdAt} />}
          {link !== null && (
            <span>
              <a href={link} target="_blank" rel="noreferrer" onClick={() => !read && void markRead(id)}>
                Open
                <Icon name="external" size={12} />
                <span className="visually-hidden"> {title} in a new window</span>
              </a>
            </span>
          )}
        </div>
      </div>
      {!pending && (
        <div className="item-actions">
          {!read && (
            <button
              type="button"
              className="icon-button icon-button-small"
              aria-label={`Mark as read: ${title}`}
              title="Mark as read"
              onClick={() => void markRead(id)}
            >
              <Icon name="check" size={18} />
            </button>
          )}
          <button
            type="button"
            className="icon-button icon-button-small dangerous"
            aria-label={`Delete: ${title}`}
            title="Delete"
            onClick={() => void remove(id)}
          >
            <Icon name="trash" size={18} />
          </button>
        </div>
      )}
    </li>
  );
}
