import type { Activity } from "../../index";
import { Icon } from "../ui/Icon";
import { KindIcon } from "../ui/KindIcon";
import { ACTIVITY_LOOKS, PLAIN_LOOK } from "../ui/kinds";
import { Time } from "../ui/Time";

interface FeedItemProps {
  readonly activity: Activity;
  readonly isFresh: boolean;
  markRead(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

/** One activity. */
export function FeedItem({ activity, isFresh, markRead, remove }: FeedItemProps) {
  const { id, type, title, description, data, timestamp, read, pending } = activity;
  const look = ACTIVITY_LOOKS[type] ?? PLAIN_LOOK;
  const classes = ["item", read ? "" : "item-unread", isFresh ? "item-fresh" : "", pending ? "item-pending" : ""];
  return (
    <li className={classes.join(" ")} data-id={id}>
      <KindIcon look={look} />
      <div className="item-body">
        <h3>
          {!read && <span className="visually-hidden">Unread: </span>}
          {title}
        </h3>
        {description !== undefined && <p className="item-text">{description}</p>}
        <div className="item-meta">
          <span>{look.label}</span>
          {pending ? <span>Saving…</span> : <Time at={timestamp} />}
          {data !== undefined && (
            <details className="item-data">
              <summary>Data</summary>
              <pre tabIndex={0} role="region" aria-label={`Data of ${title}`}>
                {JSON.stringify(data, null, 2)}
              </pre>
            </details>
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
