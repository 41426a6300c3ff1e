import { createClient, type Client } from "graphql-ws";
import { resuming } from "./resuming.js";

export interface SocketOptions {
  /** `wss://pulse.example/graphql` */
  url: string;
  /** A token that holds for a while: asked for at each connection, and before the token ends. */
  getToken: () => Promise<string>;
  /** Node.js before 22 has no WebSocket of its own: the package `ws` has. */
  webSocketImpl?: unknown;
}

/** A graphql-ws client that comes back after every interruption, and renews its token on the open socket. */
export function createSocket({ url, getToken, webSocketImpl }: SocketOptions): Client {
  let socket: WebSocket | undefined;
  let renewal: ReturnType<typeof setTimeout> | undefined;
  let token = "";

  const renewBeforeItEnds = () => {
    clearTimeout(renewal);
    const left = expiry(token) - Date.now();
    if (Number.isFinite(left)) renewal = setTimeout(renew, left * 0.8);
  };
  const renew = async () => {
    token = await getToken();
    // A ping with a token is answered by a pong that says until when it holds.
    socket?.send(JSON.stringify({ type: "ping", payload: { authorization: `Bearer ${token}` } }));
    renewBeforeItEnds();
  };

  return resuming(createClient({
    url,
    webSocketImpl,
    connectionParams: async () => {
      token = await getToken();
      return { authorization: `Bearer ${token}` };
    },
    retryAttempts: Infinity,
    // Also when no connection was made at all: that is not retried otherwise.
    shouldRetry: () => true,
    // A random part of a growing wait, so that not all clients come back at once.
    retryWait: (retries) => new Promise((done) => {
      setTimeout(done, Math.random() * Math.min(30_000, 500 * 2 ** retries));
    }),
    on: {
      opened: (opened) => { socket = opened as WebSocket; },
      connected: renewBeforeItEnds,
      closed: () => clearTimeout(renewal),
    },
  }));
}

/** When a JWT ends, in milliseconds. */
function expiry(token: string): number {
  const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
  return (JSON.parse(atob(payload)) as { exp: number }).exp * 1000;
}
