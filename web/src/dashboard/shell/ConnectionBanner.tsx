import { useEffect, useState } from "react";
import { useConnection } from "../../react/index";
import { Icon } from "../ui/Icon";
import { useNow } from "../ui/now";
import { clockTime } from "../ui/time";

/** A connection that is back within this time was hardly gone. */
const PATIENCE_MS = 700;

/** Says that the connection is lost, and that nothing else is. */
export function ConnectionBanner() {
  const { state, since, retryNow } = useConnection();
  const now = useNow();
  const lost = state === "reconnecting" || state === "offline";
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!lost) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [lost]);
  return (
    <div role="status">
      {lost && shown && (
        <div className="banner">
          <Icon name="offline" />
          <p>
            <strong>{state === "offline" ? "You are offline" : "The connection is lost"}</strong> since{" "}
            {clockTime(since, now)}. What you miss meanwhile will arrive.
          </p>
          <button type="button" className="button button-small" onClick={retryNow}>
            Try now
          </button>
        </div>
      )}
    </div>
  );
}
