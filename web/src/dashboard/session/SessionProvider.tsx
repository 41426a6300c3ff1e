import { type ReactNode, createContext, useCallback, useContext, useMemo, useState } from "react";
import { type Session, forgetSession, loadSession, saveSession } from "./session";

interface SessionState {
  readonly session: Session | null;
  /** Why the last session ended, where nobody signed out. */
  readonly ended: string | null;
  signIn(session: Session): void;
  /** With a reason: the session ended by itself. */
  signOut(why?: string): void;
}

const Context = createContext<SessionState | null>(null);

/** Knows who is signed in: of this window, and over a reload. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [{ session, ended }, setState] = useState<{ session: Session | null; ended: string | null }>(() => ({
    session: loadSession(),
    ended: null,
  }));
  const signIn = useCallback((next: Session) => {
    saveSession(next);
    setState({ session: next, ended: null });
  }, []);
  const signOut = useCallback((why?: string) => {
    forgetSession();
    setState({ session: null, ended: why ?? null });
  }, []);
  const state = useMemo(() => ({ session, ended, signIn, signOut }), [session, ended, signIn, signOut]);
  return <Context value={state}>{children}</Context>;
}

export function useSession(): SessionState {
  const state = useContext(Context);
  if (!state) throw new Error("there is no <SessionProvider> above this component");
  return state;
}
