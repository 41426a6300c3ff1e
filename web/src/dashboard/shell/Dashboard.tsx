import { useEffect, useRef, useState } from "react";
import { PulseProvider } from "../../react/index";
import { Progress } from "../analytics/Progress";
import { Create, type CreateTab } from "../create/Create";
import { Feed } from "../feed/Feed";
import { Leaderboard } from "../leaderboard/Leaderboard";
import type { Session } from "../session/session";
import { usePulse } from "../session/usePulse";
import { Announcer } from "../ui/Announcer";
import { BottomNav, type Part } from "./BottomNav";
import { ConnectionBanner } from "./ConnectionBanner";
import { Header } from "./Header";
import { NextSteps } from "./NextSteps";

/** The part that an address names (`/#progress`), as the notifications of the demo do. */
const partOf = (hash: string): Part | undefined =>
  (["feed", "progress", "create", "leaders"] as const).find((part) => hash === `#${part}`);

/** Everything that a signed-in person sees. */
export function Dashboard({ session }: { session: Session }) {
  return (
    <PulseProvider client={usePulse(session)}>
      <Announcer>
        <Board session={session} />
      </Announcer>
    </PulseProvider>
  );
}

function Board({ session }: { session: Session }) {
  const [part, setPart] = useState<Part>(() => partOf(location.hash) ?? "feed");
  const [tab, setTab] = useState<CreateTab>("activity");
  const create = useRef<HTMLElement>(null);

  useEffect(() => {
    const follow = () => {
      const named = partOf(location.hash);
      if (named === undefined) return;
      setPart(named);
      document.querySelector(`section[data-part="${named}"]`)?.scrollIntoView();
    };
    follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);

  /** Shows the form for something, and puts the cursor into it. */
  const startCreating = (what: CreateTab) => {
    setPart("create");
    setTab(what);
    // After the form is there.
    setTimeout(() => create.current?.querySelector<HTMLElement>("[role=tabpanel]:not([hidden]) input")?.focus());
  };
  const show = (next: Part) => {
    setPart(next);
    scrollTo({ top: 0 });
  };
  return (
    <div className="app">
      <a className="skip" href="#board">
        Skip to the activities
      </a>
      <Header session={session} />
      <ConnectionBanner />
      <main id="board" className="board" tabIndex={-1} data-part={part}>
        <h1 className="visually-hidden">Dashboard of {session.user}</h1>
        <Feed userId={session.user} startCreating={() => startCreating("activity")} />
        <div className="board-column">
          <Progress startLogging={() => startCreating("hours")} />
          <NextSteps session={session} />
        </div>
        <div className="board-column">
          <Create ref={create} session={session} tab={tab} onTab={setTab} />
          <Leaderboard userId={session.user} />
        </div>
      </main>
      <BottomNav part={part} onPart={show} />
    </div>
  );
}
