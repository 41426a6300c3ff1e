import { useNow } from "./now";
import { exactTime, relativeTime } from "./time";

/** How long ago something was, with the exact time to be had. */
export function Time({ at }: { at: string }) {
  const now = useNow();
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={exactTime(time)}>
      {relativeTime(time, Math.max(now, time))}
    </time>
  );
}
