import { useRef, useState } from "react";
import type { ActivityType } from "../../index";
import { useActivities, useUnreadCounts } from "../../react/index";
import { useAnnounce } from "../ui/Announcer";
import { Icon } from "../ui/Icon";
import { LoadMore } from "../ui/LoadMore";
import { Failed, SkeletonRows } from "../ui/States";
import { useToasts } from "../ui/Toasts";
import { plural } from "../ui/time";
import { useArrivals } from "../ui/useArrivals";
import { usePageTitle } from "../ui/usePageTitle";
import { FeedFilters } from "./FeedFilters";
import { FeedItem } from "./FeedItem";
import { NoActivities } from "./NoActivities";
import { PulseLine } from "./PulseLine";

interface FeedProps {
  readonly userId: string;
  startCreating(): void;
}

/** What the user did, newest first, live. */
export function Feed({ userId, startCreating }: FeedProps) {
  const [type, setType] = useState<ActivityType>();
  const [unreadOnly, setUnreadOnly] = useState(false);
  const feed = useActivities({ type, unreadOnly, pageSize: 20 });
  const { activities, unreadCount, loading, error } = feed;
  const toasts = useToasts();
  const announce = useAnnounce();
  const top = useRef<HTMLDivElement>(null);
  const { fresh, unseen } = useArrivals(
    activities,
    `${type} ${unreadOnly}`,
    !loading && (error === null || activities.length > 0),
    top,
    (arrived) => announce("activity", "activities", arrived.map(({ title }) => title)),
  );
  usePageTitle(useUnreadCounts().total, userId);

  const markAll = () => {
    feed.markAllAsRead().then(
      ({ modifiedCount }) => toasts.done(`${plural(modifiedCount, "activity", "activities")} marked as read.`),
      toasts.failed,
    );
  };
  const remove = (id: string) =>
    feed.deleteActivity(id).then(() => toasts.done("Activity deleted."), toasts.failed);
  return (
    <section className="panel feed" data-part="feed" aria-labelledby="feed-title">
      <div className="panel-head">
        <h2 id="feed-title">Activity</h2>
        {unreadCount > 0 && (
          <span className="count" data-testid="unread-activities">
            {plural(unreadCount, "unread", "unread")}
          </span>
        )}
        <button
          type="button"
          className="button button-quiet button-small panel-action"
          disabled={unreadCount === 0}
          onClick={markAll}
        >
          <Icon name="checkAll" size={18} />
          Mark all read
        </button>
      </div>
      <PulseLine isReady={!loading} />
      <FeedFilters type={type} onType={setType} unreadOnly={unreadOnly} onUnreadOnly={setUnreadOnly} />
      <div className="feed-scroll">
        <div ref={top} className="feed-top" />
        {unseen > 0 && (
          <button
            type="button"
            className="button button-primary feed-pill"
            onClick={() => top.current?.scrollIntoView({ block: "end" })}
          >
            <Icon name="arrowUp" size={16} />
            {unseen} new
          </button>
        )}
        {loading && <SkeletonRows count={6} label="Reading activities" />}
        {error && activities.length === 0 && !loading && (
          <Failed what="Activities" error={error} retry={feed.refetch} />
        )}
        {!loading && !error && activities.length === 0 && (
          <NoActivities
            isFiltered={type !== undefined || unreadOnly}
            showAll={() => {
              setType(undefined);
              setUnreadOnly(false);
            }}
            startCreating={startCreating}
            createFirst={() =>
              feed
                .createActivity({
                  type: "log_created",
                  title: "Hello, Pulse",
                  description: "My first activity: it is here the moment it is saved.",
                })
                .then(() => undefined, toasts.failed)
            }
          />
        )}
        <ul className="feed-list">
          {activities.map((activity) => (
            <FeedItem
              key={activity.id}
              activity={activity}
              isFresh={fresh.has(activity.id)}
              markRead={(id) => feed.markAsRead(id).then(() => undefined, toasts.failed)}
              remove={remove}
            />
          ))}
        </ul>
        {activities.length > 0 && (
          <LoadMore
            what="activities"
            shown={activities.length}
            hasMore={feed.hasMore}
            isLoadingMore={feed.isLoadingMore}
            failed={error !== null}
            loadMore={feed.loadMore}
          />
        )}
      </div>
    </section>
  );
}
