import { useEffect, useRef } from "react";
import { useAnalytics, useLeaderboard } from "../../react/index";
import { Avatar } from "../ui/Avatar";
import { Empty, Failed, SkeletonRows } from "../ui/States";
import { formatHours, plural } from "../ui/time";

/** Who has learned most. */
export function Leaderboard({ userId }: { userId: string }) {
  const { leaderboard, total, loading, error, hasMore, isLoadingMore, loadMore, refetch } = useLeaderboard({
    pageSize: 10,
  });
  const own = useAnalytics();
  // The position of the last change that the server has made: what is on its way does not count yet.
  const position = own.loading ? undefined : (own.analytics?.cursor ?? "");
  const before = useRef(position);
  // One's own hours are news for the board, which otherwise is read again at times only.
  useEffect(() => {
    const changed = before.current !== undefined && before.current !== position;
    before.current = position;
    // Why it failed is shown in the panel.
    if (changed) void refetch().catch(() => undefined);
  }, [position, refetch]);
  const most = leaderboard[0]?.totalLearningHours ?? 0;
  return (
    <section className="panel leaders" data-part="leaders" aria-labelledby="leaders-title">
      <div className="panel-head">
        <h2 id="leaders-title">Leaderboard</h2>
        {total > 0 && <span className="soft panel-note">{plural(total, "user")}</span>}
      </div>
      {loading && <SkeletonRows count={5} label="Reading the leaderboard" />}
      {error && leaderboard.length === 0 && !loading && <Failed what="The leaderboard" error={error} retry={refetch} />}
      {!loading && !error && leaderboard.length === 0 && (
        <Empty icon="trophy" title="Nobody yet">
          <p>Whoever logs the first hour leads.</p>
        </Empty>
      )}
      <ol className="leaders-list">
        {leaderboard.map((entry, index) => (
          <li key={entry.userId} className={entry.userId === userId ? "leader leader-own" : "leader"}>
            <span className="leader-rank numeric">{index + 1}</span>
            <Avatar user={entry.userId} />
            <span className="leader-name">
              {entry.userId}
              {entry.userId === userId && <span className="leader-you">You</span>}
            </span>
            <span className="leader-hours numeric">{formatHours(entry.totalLearningHours)} h</span>
            <svg className="leader-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
              <rect width={most > 0 ? (entry.totalLearningHours / most) * 100 : 0} height="4" />
            </svg>
          </li>
        ))}
      </ol>
      {hasMore && (
        <div className="more">
          <button type="button" className="button button-small" disabled={isLoadingMore} onClick={() => void loadMore()}>
            {isLoadingMore ? "Loading…" : "Show more"}
          </button>
        </div>
      )}
    </section>
  );
}
