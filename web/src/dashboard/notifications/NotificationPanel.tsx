import { useEffect, useRef, useState } from "react";
import type { UseNotificationsResult } from "../../react/index";
import { Icon } from "../ui/Icon";
import { LoadMore } from "../ui/LoadMore";
import { Empty, Failed, SkeletonRows } from "../ui/States";
import { useToasts } from "../ui/Toasts";
import { plural } from "../ui/time";
import { ConfirmClear } from "./ConfirmClear";
import { NotificationItem } from "./NotificationItem";

interface NotificationPanelProps {
  readonly list: UseNotificationsResult;
  readonly unread: number;
  readonly fresh: ReadonlySet<string>;
  close(): void;
}

/** The list behind the bell. */
export function NotificationPanel({ list, unread, fresh, close }: NotificationPanelProps) {
  const { notifications, loading, error } = list;
  const toasts = useToasts();
  const [isClearing, setClearing] = useState(false);
  const panel = useRef<HTMLDivElement>(null);
  const clearButton = useRef<HTMLButtonElement>(null);
  useEffect(() => panel.current?.focus(), []);

  const markAll = () => {
    list.markAllAsRead().then(
      ({ modifiedCount }) => toasts.done(`${plural(modifiedCount, "notification")} marked as read.`),
      toasts.failed,
    );
    panel.current?.focus();
  };
  const clear = () => {
    setClearing(false);
    panel.current?.focus();
    list.clearAll().then(
      ({ deletedCount }) => toasts.done(`${plural(deletedCount, "notification")} deleted.`),
      toasts.failed,
    );
  };
  const cancelClearing = () => {
    setClearing(false);
    // The button is there again after this.
    setTimeout(() => clearButton.current?.focus());
  };
  return (
    <div
      id="notifications"
      className="popover notifications"
      role="dialog"
      aria-labelledby="notifications-title"
      tabIndex={-1}
      ref={panel}
    >
      <div className="panel-head">
        <h2 id="notifications-title">Notifications</h2>
        {unread > 0 && <span className="count">{plural(unread, "unread", "unread")}</span>}
        <button
          type="button"
          className="icon-button icon-button-small panel-action"
          aria-label="Close notifications"
          onClick={close}
        >
          <Icon name="close" size={18} />
        </button>
      </div>
      {notifications.length > 0 &&
        (isClearing ? (
          <ConfirmClear confirm={clear} cancel={cancelClearing} />
        ) : (
          <div className="notifications-actions">
            <button type="button" className="button button-quiet button-small" disabled={unread === 0} onClick={markAll}>
              <Icon name="checkAll" size={18} />
              Mark all read
            </button>
            <button
              ref={clearButton}
              type="button"
              className="button button-quiet button-small"
              onClick={() => setClearing(true)}
            >
              <Icon name="trash" size={16} />
              Clear all
            </button>
          </div>
        ))}
      <div className="notifications-scroll">
        {loading && <SkeletonRows count={4} label="Reading notifications" />}
        {error && notifications.length === 0 && !loading && (
          <Failed what="Notifications" error={error} retry={list.refetch} />
        )}
        {!loading && !error && notifications.length === 0 && (
          <Empty icon="bell" title="Nothing to tell">
            <p>Achievements, reminders and messages show here, and the bell counts those that you have not read.</p>
          </Empty>
        )}
        <ul>
          {notifications.map((notification) => (
            <NotificationItem
              key={notification.id}
              notification={notification}
              isFresh={fresh.has(notification.id)}
              markRead={(id) => list.markAsRead(id).then(() => undefined, toasts.failed)}
              remove={(id) => {
                // The row goes, and the focus would go with it.
                panel.current?.focus();
                return list.deleteNotification(id).then(() => undefined, toasts.failed);
              }}
            />
          ))}
        </ul>
        {notifications.length > 0 && (
          <LoadMore
            what="notifications"
            shown={notifications.length}
            hasMore={list.hasMore}
            isLoadingMore={list.isLoadingMore}
            failed={error !== null}
            loadMore={list.loadMore}
          />
        )}
      </div>
    </div>
  );
}
