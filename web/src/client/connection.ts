import { Cell, type Watchable } from "./cell.js";
import { PulseError, toPulseError } from "./errors.js";
import { Operation, type FollowSink } from "./operation.js";
import type { Session, SessionEnd, TransportKind } from "./session.js";
import { SOCKET_ATTEMPTS, TIMING, backoff } from "./timing.js";
import { expiryOf, renewalOf, type Tokens } from "./tokens.js";
import { SessionFailure, openWebSocket } from "./websocket.js";
import type { Release } from "./types.js";

/** The connection, as an app shows it. */
export interface ConnectionInfo {
  /**
   * `connecting`: the first connection is being opened. `live`: events arrive. `reconnecting`: the connection was lost
   * and is being opened again. `offline`: the browser has no network, or nothing that is shown needs a connection.
   */
  readonly state: "connecting" | "live" | "reconnecting" | "offline";
  /** When this state began, in milliseconds as of `Date.now()`. */
  readonly since: number;
  /** How events travel while `live`. */
  readonly transport: TransportKind | null;
  /** Why the last attempt failed, or the connection was lost; nothing while `live`. */
  readonly error: PulseError | null;
}

export interface ConnectionOptions {
  readonly httpUrl: string;
  readonly socketUrl: string;
  readonly transport: "auto" | TransportKind;
  readonly tokens: Tokens;
  readonly fetch: typeof fetch;
  readonly webSocketImpl: unknown;
}

/** The longest time that a timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

type Timer = ReturnType<typeof setTimeout>;

/**
 * Keeps one session open while something needs it, and carries the operations from one session to the next.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #info = new Cell<ConnectionInfo>({ state: "offline", since: Date.now(), transport: null, error: null });
  readonly #operations = new Set<Operation>();
  readonly #surroundings = new Surroundings(() => this.#roused(), () => this.#cutOff());
  #holds = 0;
  #session: Session | null = null;
  #openedAt = 0;
  #disposed = false;
  /** Goes up when the connection is begun or given up: an attempt of an earlier one is dropped. */
  #generation = 0;
  #running = false;
  #wasLive = false;
  /** Attempts in a row that did not lead to a connection that held. */
  #failures = 0;
  /** Attempts in a row in which no WebSocket opened. */
  #blocked = 0;
  #next: TransportKind = "ws";
  #upgradeWait: number = TIMING.upgradeFirst;
  #retry: Timer | undefined;
  #idle: Timer | undefined;
  #renewal: Timer | undefined;
  #upgrade: Timer | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    if (options.transport === "sse" || (options.transport === "auto" && !hasWebSocket(options))) this.#next = "sse";
  }

  /** How it stands, to be watched. */
  get info(): Watchable<ConnectionInfo> {
    return this.#info;
  }

  /** Runs a subscription until it is released, over as many sessions as it takes. */
  follow(query: string, variables: Record<string, unknown>, sink: FollowSink<unknown>): Release {
    if (this.#disposed) {
      queueMicrotask(() => sink.error?.(new PulseError("ABORTED", "the client was disposed of")));
      return () => undefined;
    }
    const operation = new Operation(query, variables, sink, {
      unauthenticated: (session, error) => this.#refused(session, error),
      finished: (finished) => this.#forget(finished),
    });
    this.#operations.add(operation);
    if (this.#session) operation.attach(this.#session);
    this.#needed();
    return () => {
      operation.end();
      this.#forget(operation);
    };
  }

  /** Keeps the connection open, whether or not something is followed. */
  hold(): Release {
    this.#holds += 1;
    this.#needed();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.#unneeded();
    };
  }

  /** Tries at once, without waiting any longer; asks an open connection whether it stands. */
  retryNow(): void {
    this.#failures = 0;
    this.#roused();
  }

  /** Closes it for good. */
  dispose(): void {
    this.#disposed = true;
    for (const operation of this.#operations) operation.end();
    this.#operations.clear();
    this.#holds = 0;
    this.#stop();
  }

  // --- whether it is needed ------------------------------------------------------------------------------------------

  #forget(operation: Operation): void {
    this.#operations.delete(operation);
    this.#unneeded();
  }

  #needed(): void {
    clearTimeout(this.#idle);
    if (this.#disposed || this.#running) return;
    this.#running = true;
    this.#generation += 1;
    this.#surroundings.watch();
    this.#show("connecting", null);
    void this.#connect();
  }

  #unneeded(): void {
    clearTimeout(this.#idle);
    if (this.#disposed || this.#holds > 0 || this.#operations.size > 0) return;
    this.#idle = setTimeout(() => this.#stop(), TIMING.linger);
  }

  #stop(): void {
    this.#running = false;
    this.#generation += 1;
    this.#failures = 0;
    this.#wasLive = false;
    this.#surroundings.leave();
    clearTimeout(this.#idle);
    clearTimeout(this.#retry);
    this.#let(null);
    this.#show("offline", null);
  }

  // --- one attempt after the other -----------------------------------------------------------------------------------

  async #connect(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const generation = this.#generation;
    const kind = this.#next;
    let session: Session;
    try {
      const { token } = await this.#options.tokens.fresh("connect");
      session = await this.#open(kind, token);
    } catch (thrown) {
      if (generation === this.#generation) this.#notOpened(kind, thrown);
      return;
    }
    if (generation !== this.#generation) return session.close();
    this.#opened(session);
  }

  async #open(kind: TransportKind, token: string | null): Promise<Session> {
    const { httpUrl: url, socketUrl, fetch, webSocketImpl } = this.#options;
    try {
      if (kind === "ws") return await openWebSocket({ url: socketUrl, token, implementation: webSocketImpl });
      // Loaded when it is needed: most never do.
      const { openEventStreams } = await import("./sse.js");
      return await openEventStreams({ url, token, fetch });
    } catch (thrown) {
      const failure = thrown instanceof SessionFailure ? thrown.end.error : null;
      if (failure?.code === "UNAUTHENTICATED") this.#options.tokens.reject(token);
      throw thrown;
    }
  }

  #opened(session: Session): void {
    this.#wasLive = true;
    this.#openedAt = Date.now();
    this.#next = session.kind;
    if (session.kind === "ws") {
      this.#blocked = 0;
      this.#upgradeWait = TIMING.upgradeFirst;
    }
    this.#let(session);
    this.#show("live", null);
    for (const operation of this.#operations) operation.attach(session);
    void session.ended.then((end) => this.#lost(session, end));
    this.#renewBefore(session, expiryOf(session.token ?? ""));
    if (session.kind === "sse" && this.#options.transport === "auto") this.#upgradeLater(session);
  }

  /** This session is the one in use from now on; the one before is closed. */
  #let(session: Session | null): void {
    clearTimeout(this.#renewal);
    clearTimeout(this.#upgrade);
    const before = this.#session;
    this.#session = session;
    if (!session) for (const operation of this.#operations) operation.detach();
    // After this turn: the operations have moved by then.
    if (before) queueMicrotask(() => before.close());
  }

  #notOpened(kind: TransportKind, thrown: unknown): void {
    const reached = thrown instanceof SessionFailure && thrown.reached;
    const error = thrown instanceof SessionFailure ? thrown.end.error : toPulseError(thrown);
    if (kind === "sse") {
      this.#next = hasWebSocket(this.#options) ? "ws" : "sse";
    } else if (thrown instanceof SessionFailure) {
      this.#blocked = reached ? 0 : this.#blocked + 1;
      this.#next = this.#blocked >= SOCKET_ATTEMPTS ? "sse" : "ws";
    }
    if (this.#options.transport !== "auto") this.#next = this.#options.transport;
    // Another way to the same server has not failed yet: it is tried without a wait.
    this.#later(error, this.#next === "sse" && this.#blocked === SOCKET_ATTEMPTS && kind === "ws");
  }

  #lost(session: Session, end: SessionEnd): void {
    if (session !== this.#session) return;
    this.#let(null);
    const held = Date.now() - this.#openedAt >= TIMING.stable;
    if (held) this.#failures = 0;
    if (end.error.code === "UNAUTHENTICATED") this.#options.tokens.reject(session.token);
    // A token that has ended is no trouble of the server: a fresh one is taken there at once.
    this.#later(end.error, end.error.code === "UNAUTHENTICATED" && held);
  }

  #refused(session: Session, error: PulseError): void {
    if (session === this.#session) this.#lost(session, { code: 0, error });
  }

  #later(error: PulseError, atOnce = false): void {
    const wait = atOnce ? 0 : backoff(this.#failures);
    this.#failures += 1;
    if (this.#surroundings.offline) this.#show("offline", error);
    else this.#show(this.#wasLive ? "reconnecting" : "connecting", error);
    clearTimeout(this.#retry);
    // Also without a network: browsers are wrong about it at times.
    this.#retry = setTimeout(() => void this.#connect(), this.#surroundings.offline ? TIMING.reconnectMax : wait);
  }

  #show(state: ConnectionInfo["state"], error: PulseError | null): void {
    const before = this.#info.get();
    const transport = state === "live" ? (this.#session?.kind ?? null) : null;
    if (before.state === state && before.error === error && before.transport === transport) return;
    const since = before.state === state ? before.since : Date.now();
    this.#info.set({ state, since, transport, error });
  }

  // --- the browser ---------------------------------------------------------------------------------------------------

  /** The network is back, the page is shown again, or somebody asks. */
  #roused(): void {
    this.#session?.check();
    if (this.#retry === undefined || !this.#running) return;
    this.#show(this.#wasLive ? "reconnecting" : "connecting", this.#info.get().error);
    void this.#connect();
  }

  /** The network is gone, says the browser. A connection to this machine stands all the same. */
  #cutOff(): void {
    this.#session?.check();
    if (this.#retry !== undefined) this.#show("offline", this.#info.get().error);
  }

  // --- tokens and transports -----------------------------------------------------------------------------------------

  #renewBefore(session: Session, expires: number | null): void {
    clearTimeout(this.#renewal);
    if (expires === null || session !== this.#session) return;
    const wait = renewalOf(expires) - Date.now();
    const whole = wait <= LONGEST_TIMER;
    this.#renewal = setTimeout(() => {
      if (whole) void this.#renew(session, expires);
      else this.#renewBefore(session, expires);
    }, Math.max(0, Math.min(wait, LONGEST_TIMER)));
  }

  async #renew(session: Session, expires: number): Promise<void> {
    const fresh = await this.#options.tokens.fresh("refresh").catch(() => null);
    if (session !== this.#session) return;
    const until = fresh?.token ? fresh.expires : expires;
    if (!fresh?.token || (until !== null && until <= expires)) return this.#renewAgain(session, expires);
    if (await session.refresh(fresh.token)) return this.#renewBefore(session, until);
    if (session.kind !== "sse" || session !== this.#session) return;
    const next = await this.#open("sse", fresh.token).catch(() => null);
    if (!next) return this.#renewAgain(session, expires);
    if (session === this.#session) this.#opened(next);
    else next.close();
  }

  /** There is no later token yet. When the one in use ends, the connection does, and is opened again. */
  #renewAgain(session: Session, expires: number): void {
    if (session !== this.#session || expires <= Date.now()) return;
    const wait = Math.max(1_000, (expires - Date.now()) / 2);
    this.#renewal = setTimeout(() => void this.#renew(session, expires), wait);
  }

  /** Tries a WebSocket beside the event streams, and moves to it when it opens. */
  #upgradeLater(session: Session): void {
    if (!hasWebSocket(this.#options)) return;
    this.#upgrade = setTimeout(() => {
      void this.#options.tokens.current()
        .then((token) => this.#open("ws", token))
        .then((socket) => {
          if (session === this.#session) this.#opened(socket);
          else socket.close();
        })
        .catch(() => {
          if (session === this.#session) this.#upgradeLater(session);
        });
    }, this.#upgradeWait);
    this.#upgradeWait = Math.min(this.#upgradeWait * 2, TIMING.upgradeMax);
  }
}

function hasWebSocket({ webSocketImpl }: ConnectionOptions): boolean {
  return webSocketImpl !== undefined || typeof WebSocket !== "undefined";
}

/** What the browser says of the network and of the page; nothing outside a browser. */
class Surroundings {
  readonly #roused: () => void;
  readonly #cutOff: () => void;
  readonly #shown = (): void => {
    if (document.visibilityState === "visible") this.#roused();
  };

  constructor(roused: () => void, cutOff: () => void) {
    this.#roused = roused;
    this.#cutOff = cutOff;
  }

  get offline(): boolean {
    return typeof navigator !== "undefined" && navigator.onLine === false;
  }

  watch(): void {
    if (typeof window === "undefined") return;
    window.addEventListener("online", this.#roused);
    window.addEventListener("pageshow", this.#roused);
    window.addEventListener("offline", this.#cutOff);
    document.addEventListener("visibilitychange", this.#shown);
  }

  leave(): void {
    if (typeof window === "undefined") return;
    window.removeEventListener("online", this.#roused);
    window.removeEventListener("pageshow", this.#roused);
    window.removeEventListener("offline", this.#cutOff);
    document.removeEventListener("visibilitychange", this.#shown);
  }
}
