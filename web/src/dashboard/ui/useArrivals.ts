import { type RefObject, useEffect, useRef, useState } from "react";

/** How long what has arrived stands out. */
const FRESH_MS = 4_000;

interface Item {
  readonly id: string;
  readonly pending?: true;
}

interface Arrivals {
  /** The ids that arrived just now. */
  readonly fresh: ReadonlySet<string>;
  /** How many arrived above what is in view. */
  readonly unseen: number;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Notices what comes in at the top of a list that is shown.
 *
 * @param items newest first
 * @param list names the list: what another list shows has not arrived
 * @param ready whether the items are the list, and not what there is before it was read
 * @param top an element at the top of the list: while it is out of view, what arrives is counted as unseen
 * @param onArrive is told what arrived
 */
export function useArrivals<T extends Item>(
  items: readonly T[], list: string, ready: boolean, top: RefObject<Element | null>, onArrive: (items: readonly T[]) => void,
): Arrivals {
  const [fresh, setFresh] = useState(NONE);
  const [unseen, setUnseen] = useState(0);
  const known = useRef<{ list: string; ids: ReadonlySet<string> } | null>(null);
  const isAtTop = useRef(true);
  const tell = useRef(onArrive);
  useEffect(() => {
    tell.current = onArrive;
  });

  useEffect(() => {
    if (!ready) {
      known.current = null;
      return;
    }
    const before = known.current;
    known.current = { list, ids: new Set(items.map(({ id }) => id)) };
    if (before?.list !== list) {
      setFresh(NONE);
      setUnseen(0);
      return;
    }
    const end = items.findIndex(({ id }) => before.ids.has(id));
    const arrived = items.slice(0, end < 0 ? items.length : end).filter(({ pending }) => !pending);
    if (arrived.length === 0) return;
    const ids = arrived.map(({ id }) => id);
    setFresh((shown) => new Set([...shown, ...ids]));
    if (!isAtTop.current) setUnseen((count) => count + arrived.length);
    tell.current(arrived);
    setTimeout(() => setFresh((shown) => new Set([...shown].filter((id) => !ids.includes(id)))), FRESH_MS);
  }, [items, list, ready]);

  useEffect(() => {
    const element = top.current;
    if (!element || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver((entries) => {
      // A busy page is told several changes at once: the last one holds.
      isAtTop.current = entries.at(-1)?.isIntersecting ?? true;
      if (isAtTop.current) setUnseen(0);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [top]);
  return { fresh, unseen };
}
