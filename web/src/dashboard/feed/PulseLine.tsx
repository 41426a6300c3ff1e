import { useEffect, useRef, useState } from "react";
import { usePulseClient } from "../../react/index";

/** The most beats that are shown at once. */
const MOST = 60;

/**
 * A line that beats with each thing that arrives, and carries the beat away over half a minute. Decoration alone: it
 * hears of what the lists follow anyway, once these have begun.
 */
export function PulseLine({ isReady }: { isReady: boolean }) {
  const client = usePulseClient();
  const [beats, setBeats] = useState<readonly number[]>([]);
  const next = useRef(0);
  useEffect(() => {
    if (!isReady) return;
    const created = (): void => {
      next.current += 1;
      const beat = next.current;
      setBeats((shown) => [...shown.slice(1 - MOST), beat]);
    };
    const leave = [client.activities().listen({ created }), client.notifications().listen({ created })];
    return () => leave.forEach((release) => release());
  }, [client, isReady]);
  return (
    <div className="pulse-line" aria-hidden="true">
      {beats.map((beat) => (
        <svg
          key={beat}
          className="beat"
          width="28"
          height="28"
          viewBox="0 0 28 28"
          onAnimationEnd={() => setBeats((shown) => shown.filter((one) => one !== beat))}
        >
          <path d="M0 14h5l2-3 2 3h2l3-12 5 23 3-11h6" />
        </svg>
      ))}
    </div>
  );
}
