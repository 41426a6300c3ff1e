import type { GraphQLErrorLike } from "./errors.js";
import type { PulseError } from "./errors.js";

/** How live events travel. */
export type TransportKind = "ws" | "sse";

/** A subscription as it is sent. */
export interface LiveRequest {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** A result as it arrives. */
export interface LiveResult {
  readonly data?: unknown;
  readonly errors?: readonly GraphQLErrorLike[] | undefined;
}

/** What hears of one subscription in a session. None is called after the session has ended or the release. */
export interface LiveSink {
  next(result: LiveResult): void;
  /** The server refused or ended it with these errors. */
  refused(errors: readonly GraphQLErrorLike[]): void;
  /** The server says that there is no more. */
  complete(): void;
}

/** Why a session ended. */
export interface SessionEnd {
  /** The close code of a WebSocket; 0 where there was none. */
  readonly code: number;
  readonly error: PulseError;
}

/** One connection to the server, from its opening to its end. It does not come back: the next one is another. */
export interface Session {
  readonly kind: TransportKind;
  /** The token that it was opened or refreshed with. */
  readonly token: string | null;
  /** Resolves once, with the reason, when it has ended by itself; never after `close`. */
  readonly ended: Promise<SessionEnd>;
  subscribe(request: LiveRequest, sink: LiveSink): () => void;
  /** Gives the open connection a new token. False where it cannot: open a new session then. */
  refresh(token: string): Promise<boolean>;
  /** Finds out whether it still stands, and ends it if not. */
  check(): void;
  close(): void;
}

/** A promise with its handle. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  readonly promise = new Promise<T>((resolve) => {
    this.resolve = resolve;
  });
}
