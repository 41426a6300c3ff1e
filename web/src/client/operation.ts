import { fromGraphQLErrors, toPulseError, type PulseError } from "./errors.js";
import type { LiveResult, Session } from "./session.js";
import { backoff } from "./timing.js";

/** What hears of a subscription. */
export interface FollowSink<Data> {
  /** Called with each result: in order, none twice, none left out. */
  next(data: Data): void;
  /**
   * The cursor cannot be resumed from (the database was replaced). Read a fresh page, replace what you show by it, and
   * give its cursor: the subscription goes on from there. While it rejects with something that may pass it is called
   * again. Without this function the subscription ends with CURSOR_EXPIRED.
   */
  expired?(): Promise<string | null>;
  /** The subscription has ended and will not come back: it was refused. */
  error?(error: PulseError): void;
}

/** Who gives sessions, and hears of refused tokens. */
export interface OperationHost {
  /** The token of this session was refused: the session is to be replaced. */
  unauthenticated(session: Session, error: PulseError): void;
  /** The operation is over and is to be forgotten. */
  finished(operation: Operation): void;
}

/** One subscription over any number of sessions: it keeps the last cursor and goes on from it in the next one. */
export class Operation {
  readonly #query: string;
  readonly #variables: Record<string, unknown>;
  readonly #sink: FollowSink<unknown>;
  readonly #host: OperationHost;
  /** Whether the document takes `after`. */
  readonly #resumes: boolean;
  #session: Session | null = null;
  #release: (() => void) | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #over = false;

  constructor(query: string, variables: Record<string, unknown>, sink: FollowSink<unknown>, host: OperationHost) {
    this.#query = query;
    this.#variables = { ...variables };
    this.#sink = sink;
    this.#host = host;
    this.#resumes = /\$after\b/.test(query);
  }

  /** Runs in this session from now on. */
  attach(session: Session): void {
    this.detach();
    if (this.#over) return;
    this.#session = session;
    // What the session says of an earlier attempt is of no interest.
    let current = true;
    const release = session.subscribe({ query: this.#query, variables: { ...this.#variables } }, {
      next: (result) => {
        if (current) this.#received(result);
      },
      refused: (errors) => {
        if (current) this.#failed(fromGraphQLErrors(errors));
      },
      // Subscriptions of this server do not end by themselves.
      complete: () => {
        if (current) this.#again();
      },
    });
    this.#release = () => {
      current = false;
      release();
    };
  }

  /** Waits for the next session. */
  detach(): void {
    clearTimeout(this.#retry);
    this.#release?.();
    this.#release = null;
    this.#session = null;
  }

  end(): void {
    this.#over = true;
    this.detach();
  }

  #received(result: LiveResult): void {
    if (result.errors && result.errors.length > 0) return this.#failed(fromGraphQLErrors(result.errors));
    this.#failures = 0;
    const cursor = cursorOf(result.data);
    if (this.#resumes && cursor !== null) {
      // A cursor that was seen already would be a repetition: it is not passed on.
      if (cursor === this.#variables["after"]) return;
      this.#variables["after"] = cursor;
    }
    this.#sink.next(result.data);
  }

  #failed(error: PulseError): void {
    if (this.#over) return;
    const session = this.#session;
    if (error.code === "CURSOR_EXPIRED" && this.#sink.expired) return void this.#startAnew();
    if (error.code === "UNAUTHENTICATED" && session) return this.#host.unauthenticated(session, error);
    if (error.retryable) return this.#again();
    this.#finish(error);
  }

  #finish(error: PulseError): void {
    this.end();
    this.#host.finished(this);
    this.#sink.error?.(error);
  }

  /** The same again after a wait, unless another session comes first. */
  #again(run: () => void = () => this.#session && this.attach(this.#session)): void {
    this.#release?.();
    this.#release = null;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(run, backoff(this.#failures));
    this.#failures += 1;
  }

  async #startAnew(): Promise<void> {
    const session = this.#session;
    this.#release?.();
    this.#release = null;
    try {
      const cursor = await this.#sink.expired?.();
      this.#variables["after"] = cursor ?? undefined;
      this.#failures = 0;
      // Another session may have come meanwhile, with the old cursor: it is to begin again too.
      if (this.#session && !this.#over) this.attach(this.#session);
    } catch (thrown) {
      const error = toPulseError(thrown);
      if (this.#over || this.#session !== session) return;
      if (error.retryable || error.code === "UNAUTHENTICATED") this.#again(() => void this.#startAnew());
      else this.#finish(error);
    }
  }
}

/** The cursor of the item that a result holds. */
function cursorOf(data: unknown): string | null {
  if (typeof data !== "object" || data === null) return null;
  for (const item of Object.values(data)) {
    if (typeof item !== "object" || item === null || !("cursor" in item)) continue;
    if (typeof item.cursor === "string") return item.cursor;
  }
  return null;
}
