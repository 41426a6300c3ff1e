import { useRef } from "react";
import { useNotifications, useUnreadCounts } from "../../react/index";
import { useAnnounce } from "../ui/Announcer";
import { Icon } from "../ui/Icon";
import { plural } from "../ui/time";
import { useArrivals } from "../ui/useArrivals";
import { useDisclosure } from "../ui/useDisclosure";
import { NotificationPanel } from "./NotificationPanel";

/** The bell: how much is unread, and what it is. */
export function Bell() {
  const { notifications: unread } = useUnreadCounts();
  const list = useNotifications({ pageSize: 20 });
  const { isOpen, root, button, toggle, close, rootProps } = useDisclosure();
  const announce = useAnnounce();
  // The panel begins at its top: nothing is above what is in view.
  const top = useRef<Element>(null);
  const { loading, error, notifications } = list;
  const { fresh } = useArrivals(
    notifications,
    "notifications",
    !loading && (error === null || notifications.length > 0),
    top,
    (arrived) => announce("notification", "notifications", arrived.map(({ title }) => title)),
  );
  return (
    <div className="disclosure" ref={root} {...rootProps}>
      <button
        ref={button}
        type="button"
        className="icon-button"
        aria-label={unread > 0 ? `Notifications, ${plural(unread, "unread", "unread")}` : "Notifications"}
        aria-expanded={isOpen}
        aria-controls="notifications"
        onClick={toggle}
      >
        <Icon name="bell" />
        {unread > 0 && (
          <span key={unread} className="badge">
            {unread > 99 ? "99+" : unread}
          </span>
        )}
      </button>
      {isOpen && <NotificationPanel list={list} unread={unread} fresh={fresh} close={close} />}
    </div>
  );
}
