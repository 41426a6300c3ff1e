import { useEffect, useState } from "react";
import { type UseConnectionResult, useConnection } from "../../react/index";
import { Icon } from "../ui/Icon";
import { useNow } from "../ui/now";
import { clockTime } from "../ui/time";

/** A connection that is back within this time was hardly gone. */
const PATIENCE_MS = 700;

/** Says that the connection is lost, and that nothing else is. */
export function ConnectionBanner() {
  const connection = useConnection();
  const isLost = connection.state === "reconnecting" || connection.state === "offline";
  return <div role="status">{isLost && <Lost connection={connection} />}</div>;
}

function Lost({ connection: { state, since, retryNow } }: { connection: UseConnectionResult }) {
  const now = useNow();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return null;
  return (
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
  );
}
