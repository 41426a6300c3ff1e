import { useEffect, useMemo } from "react";
import type { ConnectionInfo } from "../client/index.js";
import { PulseSocket } from "../services/socket.js";
import { useConnection } from "./states.js";
import { usePulseClient } from "./provider.js";

/** What `useSocket` gives. */
export interface UseSocketResult {
  /** The old events over GraphQL: `socket.on`, `socket.off`, `socket.emit`. The same object while the user stays. */
  readonly socket: PulseSocket;
  /** Whether events arrive. */
  readonly isConnected: boolean;
  readonly connectionState: ConnectionInfo["state"];
  /** Listeners are kept over every interruption. Remove yours in the cleanup of the effect that added it. */
  readonly on: PulseSocket["on"];
  readonly off: PulseSocket["off"];
  readonly emit: PulseSocket["emit"];
}

/** A socket with the old events, connected while the component is there; of the client's user if none is given. */
export function useSocket(userId?: string): UseSocketResult {
  const client = usePulseClient();
  const { state } = useConnection();
  const calls = useMemo(() => {
    const socket = new PulseSocket(client, userId);
    return { socket, on: socket.on.bind(socket), off: socket.off.bind(socket), emit: socket.emit.bind(socket) };
  }, [client, userId]);
  useEffect(() => {
    calls.socket.open();
    return () => calls.socket.close();
  }, [calls]);
  return useMemo(() => ({ ...calls, isConnected: state === "live", connectionState: state }), [calls, state]);
}
