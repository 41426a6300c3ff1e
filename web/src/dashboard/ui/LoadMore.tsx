import { useEffect, useRef } from "react";

interface LoadMoreProps {
  readonly what: string;
  readonly shown: number;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly failed: boolean;
  loadMore(): Promise<void>;
}

/** The end of a list: comes into view, and more is read. The button is for everybody whose browser does not notice. */
export function LoadMore({ what, shown, hasMore, isLoadingMore, failed, loadMore }: LoadMoreProps) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = end.current;
    if (!element || shown === 0 || !hasMore || isLoadingMore || failed || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting) void loadMore();
    });
    observer.observe(element);
    return () => observer.disconnect();
    // Looked at anew after each page: its end may be in view again.
  }, [shown, hasMore, isLoadingMore, failed, loadMore]);
  if (!hasMore && shown < 10) return null;
  return (
    <div className="more" ref={end}>
      {failed && <p role="alert">Older {what} could not be read.</p>}
      {hasMore ? (
        <button type="button" className="button button-small" disabled={isLoadingMore} onClick={() => void loadMore()}>
          {isLoadingMore && <span className="spinner" />}
          {isLoadingMore ? "Loading…" : `Load older ${what}`}
        </button>
      ) : (
        <p>That is everything.</p>
      )}
    </div>
  );
}
