import { useState } from "react";
import { type PulseClient, createPulseClient } from "../../index";
import { type Session, nextToken } from "./session";
import { useSession } from "./SessionProvider";

/** The client of a session, which stays the same. It connects when something is shown, and closes when nothing is. */
export function usePulse(session: Session): PulseClient {
  const { signOut } = useSession();
  const [client] = useState(() =>
    createPulseClient({
      url: "/graphql",
      socketUrl: new URL("/graphql/ws", location.href).href.replace(/^http/, "ws"),
      userId: session.user,
      getToken: (reason) => nextToken(session, reason, signOut),
    }));
  return client;
}
