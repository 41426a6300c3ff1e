import { useEffect, useState } from "react";
import { type PulseClient, createPulseClient } from "../../index";
import { type Session, nextToken } from "./session";
import { useSession } from "./SessionProvider";

/**
 * The client of a session. It is closed when the dashboard goes for good; StrictMode's rehearsal gets one of its own.
 */
export function usePulse(session: Session): PulseClient | null {
  const { signOut } = useSession();
  const [client, setClient] = useState<PulseClient | null>(null);
  useEffect(() => {
    const made = createPulseClient({
      url: "/graphql",
      socketUrl: new URL("/graphql/ws", location.href).href.replace(/^http/, "ws"),
      userId: session.user,
      getToken: (reason) => nextToken(session, reason, signOut),
    });
    setClient(made);
    return () => made.dispose();
  }, [session, signOut]);
  return client;
}
