import { type ReactNode, createContext, useCallback, useContext, useEffect, useRef, useState } from "react";

/** What arrives within this time is announced together. */
const TOGETHER_MS = 1_200;

type Announce = (one: string, many: string, titles: readonly string[]) => void;

const Context = createContext<Announce>(() => undefined);

/** Tells who listens what has arrived: politely, and many things in one sentence. */
export function Announcer({ children }: { children: ReactNode }) {
  const [text, setText] = useState("");
  const waiting = useRef(new Map<string, { many: string; titles: string[] }>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const announce = useCallback<Announce>((one, many, titles) => {
    const kept = waiting.current.get(one)?.titles ?? [];
    waiting.current.set(one, { many, titles: [...kept, ...titles] });
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const parts = [...waiting.current].map(([word, { many: words, titles: all }]) =>
        all.length === 1 ? `New ${word}: ${all[0]}` : `${all.length} new ${words}`);
      waiting.current.clear();
      setText(parts.join(". "));
    }, TOGETHER_MS);
  }, []);
  return (
    <Context value={announce}>
      {children}
      <p className="visually-hidden" role="status" data-announcer="">
        {text}
      </p>
    </Context>
  );
}

export function useAnnounce(): Announce {
  return useContext(Context);
}
