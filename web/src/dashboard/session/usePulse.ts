import { useState } from "react";
import { type PulseClient, createPulseClient } from "../../index";
import { type Session, loadSession, nextToken } from "./session";
import { useSession } from "./SessionProvider";

/** The client of a session, which stays the same. It connects when something is shown, and closes when nothing is. */
export function usePulse(session: Session): PulseClient {
  const { signOut } = useSession();
  const [client] = useState(() => {
    // The last call of a client that is on its way out must not end the session of who has signed in since.
    const end = (why: string): void => {
      const kept = loadSession();
      if (!kept || kept.key === session.key) signOut(why);
    };
    return createPulseClient({
      url: "/graphql",
      socketUrl: new URL("/graphql/ws", location.href).href.replace(/^http/, "ws"),
      userId: session.user,
      getToken: (reason) => nextToken(session, reason, end),
    });
  });
  return client;
}
