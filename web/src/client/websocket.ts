import { createClient, type Client } from "graphql-ws";
import { PulseError, type GraphQLErrorLike } from "./errors.js";
import {
  Deferred, type LiveRequest, type LiveResult, type LiveSink, type Session, type SessionEnd,
} from "./session.js";
import { TIMING } from "./timing.js";

export interface WebSocketSessionOptions {
  readonly url: string;
  readonly token: string | null;
  /** What to use in place of the global WebSocket. */
  readonly implementation: unknown;
}

/**
 * Opens a WebSocket session: graphql-ws without its retries, because only the connection knows the cursors, the tokens
 * and the other transport.
 *
 * Rejects with a SessionFailure where it does not open.
 */
export async function openWebSocket(options: WebSocketSessionOptions): Promise<Session> {
  const session = new WebSocketSession(options);
  await session.opened();
  return session;
}

/** A session that did not open. */
export class SessionFailure extends Error {
  readonly end: SessionEnd;
  /** Whether the server was reached over this transport: it then answers for the failure, and not the way to it. */
  readonly reached: boolean;

  constructor(end: SessionEnd, reached: boolean) {
    super(end.error.message);
    this.end = end;
    this.reached = reached;
  }
}

class WebSocketSession implements Session {
  readonly kind = "ws";
  token: string | null;
  readonly #ended = new Deferred<SessionEnd>();
  readonly #acknowledged = new Deferred<true>();
  readonly #client: Client;
  #socket: { send(data: string): void } | null = null;
  #over = false;
  #heard = Date.now();
  #watch: ReturnType<typeof setTimeout> | undefined;
  #refreshing: Deferred<boolean> | null = null;

  constructor({ url, token, implementation }: WebSocketSessionOptions) {
    this.token = token;
    this.#client = createClient({
      url,
      webSocketImpl: implementation,
      lazy: false,
      retryAttempts: 0,
      connectionAckWaitTimeout: TIMING.connect,
      connectionParams: token === null ? undefined : { authorization: `Bearer ${token}` },
      onNonLazyError: (reason) => this.#end(reason),
      on: {
        opened: (socket) => {
          this.#socket = socket as { send(data: string): void };
        },
        connected: () => this.#acknowledged.resolve(true),
        message: () => {
          this.#heard = Date.now();
        },
        pong: (received, payload) => {
          if (received && payload && "expiresAt" in payload) this.#refreshing?.resolve(true);
        },
        closed: (event) => this.#end(event),
      },
    });
  }

  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  async opened(): Promise<void> {
    const late = new Deferred<null>();
    const timer = setTimeout(() => late.resolve(null), TIMING.connect);
    const first = await Promise.race([this.#acknowledged.promise, this.#ended.promise, late.promise]);
    clearTimeout(timer);
    if (first === true) {
      this.#listen();
      return;
    }
    const end = first ?? { code: 0, error: new PulseError("NETWORK", "the server did not take the WebSocket in time") };
    this.close();
    // A close code of the application or of a restart comes from the server itself.
    throw new SessionFailure(end, end.code >= 4000 || end.code === 1012 || end.code === 1013);
  }

  subscribe(request: LiveRequest, sink: LiveSink): () => void {
    let done = false;
    const release = this.#client.subscribe<unknown>(request, {
      next: (result) => {
        if (!done && !this.#over) sink.next(result as LiveResult);
      },
      error: (thrown) => {
        if (done || this.#over || !Array.isArray(thrown)) return;
        done = true;
        sink.refused(thrown as GraphQLErrorLike[]);
      },
      complete: () => {
        if (done || this.#over) return;
        done = true;
        sink.complete();
      },
    });
    return () => {
      done = true;
      if (!this.#over) release();
    };
  }

  async refresh(token: string): Promise<boolean> {
    if (this.#over) return false;
    const answer = new Deferred<boolean>();
    this.#refreshing = answer;
    const timer = setTimeout(() => answer.resolve(false), TIMING.connect);
    this.#send({ type: "ping", payload: { authorization: `Bearer ${token}` } });
    const taken = await answer.promise;
    clearTimeout(timer);
    this.#refreshing = null;
    if (taken) this.token = token;
    return taken;
  }

  check(): void {
    if (this.#over) return;
    clearTimeout(this.#watch);
    const asked = Date.now();
    this.#send({ type: "ping" });
    this.#watch = setTimeout(() => {
      if (this.#heard >= asked) return this.#listen();
      this.#end({ code: 0, reason: "the server is silent" });
      this.#client.terminate();
    }, TIMING.pong);
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#watch);
    this.#refreshing?.resolve(false);
    // `dispose` closes an open socket; one that is still opening is let go.
    Promise.resolve(this.#client.dispose()).catch(() => undefined);
    if (!this.#socket) this.#client.terminate();
  }

  /** Asks whether the server is there after each silence. */
  #listen(): void {
    if (this.#over) return;
    clearTimeout(this.#watch);
    const silentFor = Date.now() - this.#heard;
    if (silentFor >= TIMING.keepAlive) return this.check();
    this.#watch = setTimeout(() => this.#listen(), TIMING.keepAlive - silentFor);
  }

  #send(message: unknown): void {
    try {
      this.#socket?.send(JSON.stringify(message));
    } catch {
      // The socket is closing: its end is told by itself.
    }
  }

  #end(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#watch);
    this.#refreshing?.resolve(false);
    this.#ended.resolve(endOf(reason, this.#socket === null));
  }
}

function endOf(reason: unknown, unopened: boolean): SessionEnd {
  const { code, reason: words } = (typeof reason === "object" && reason !== null ? reason : {}) as {
    code?: unknown;
    reason?: unknown;
  };
  const number = typeof code === "number" ? code : 0;
  const unsaid = unopened ? "no WebSocket could be opened" : "the connection was lost";
  const text = typeof words === "string" && words !== "" ? words : unsaid;
  if (number === 4401 || number === 4403) return { code: number, error: new PulseError("UNAUTHENTICATED", text) };
  const known = number === 1012 || number === 1013 || number === 4410;
  return { code: number, error: new PulseError(known ? "UNAVAILABLE" : "NETWORK", text, { cause: reason }) };
}
