import { useConnection } from "../../react/index";
import { useNow } from "../ui/now";
import { clockTime, exactTime } from "../ui/time";

export const STATE_WORDS = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
} as const;

/** How the connection stands, in a word, and since when. */
export function Connection() {
  const { state, since } = useConnection();
  const now = useNow();
  return (
    <p className={`connection connection-${state}`} title={`${STATE_WORDS[state]} since ${exactTime(since)}`}>
      <span className="connection-dot" />
      <span>{STATE_WORDS[state]}</span>
      <span className="connection-since">
        since <time dateTime={new Date(since).toISOString()}>{clockTime(since, now)}</time>
      </span>
    </p>
  );
}
