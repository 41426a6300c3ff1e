import { NetworkError, createClient, type Client } from "graphql-sse";
import { PulseError, fromGraphQLErrors, toPulseError, type GraphQLErrorLike } from "./errors.js";
import {
  Deferred, type LiveRequest, type LiveResult, type LiveSink, type Session, type SessionEnd,
} from "./session.js";
import { TIMING } from "./timing.js";
import { SessionFailure } from "./websocket.js";

export interface EventStreamSessionOptions {
  readonly url: string;
  readonly token: string | null;
  readonly fetch: typeof fetch;
}

/**
 * Opens a session of event streams, one request per subscription (graphql-sse's distinct connections mode), with the
 * token in a header. It stands when the server answers a small query, and ends when one of its streams breaks.
 */
export async function openEventStreams(options: EventStreamSessionOptions): Promise<Session> {
  await reach(options);
  return new EventStreamSession(options);
}

async function reach({ url, token, fetch }: EventStreamSessionOptions): Promise<void> {
  let end: SessionEnd;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...authorization(token), "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ query: "query Reachable { __typename }" }),
      signal: AbortSignal.timeout(TIMING.connect),
    });
    if (response.ok) {
      await response.text();
      return;
    }
    end = { code: 0, error: await errorOf(response) };
  } catch (thrown) {
    end = { code: 0, error: toPulseError(thrown) };
  }
  throw new SessionFailure(end, end.error.code !== "NETWORK");
}

class EventStreamSession implements Session {
  readonly kind = "sse";
  readonly token: string | null;
  readonly #ended = new Deferred<SessionEnd>();
  readonly #client: Client;
  readonly #options: EventStreamSessionOptions;
  #over = false;

  constructor(options: EventStreamSessionOptions) {
    this.token = options.token;
    this.#options = options;
    this.#client = createClient({
      url: options.url,
      headers: () => authorization(options.token),
      retryAttempts: 0,
      fetchFn: async (url: string, init: RequestInit) => watched(await options.fetch(url, init)),
    });
  }

  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  subscribe(request: LiveRequest, sink: LiveSink): () => void {
    let done = false;
    const release = this.#client.subscribe<Record<string, unknown>>(request, {
      next: (result) => {
        if (!done && !this.#over) sink.next(result as LiveResult);
      },
      error: (thrown) => {
        if (!done && !this.#over) void this.#broken(thrown, sink);
        done = true;
      },
      complete: () => {
        if (done || this.#over) return;
        done = true;
        sink.complete();
      },
    });
    return () => {
      done = true;
      release();
    };
  }

  refresh(): Promise<boolean> {
    return Promise.resolve(false);
  }

  check(): void {
    reach(this.#options).catch((failure: unknown) => {
      if (failure instanceof SessionFailure) this.#end(failure.end);
    });
  }

  close(): void {
    this.#over = true;
    this.#client.dispose();
  }

  /** One stream broke, or was not opened: an answer about the operation is its own, all else is the session's. */
  async #broken(thrown: unknown, sink: LiveSink): Promise<void> {
    const response = thrown instanceof NetworkError ? (thrown as NetworkError<Response>).response : undefined;
    const error = response ? await errorOf(response) : toPulseError(thrown);
    if (this.#over) return;
    if (error.retryable || error.code === "UNAUTHENTICATED") this.#end({ code: 0, error });
    else sink.refused([{ message: error.message, extensions: { code: error.code, field: error.field } }]);
  }

  #end(end: SessionEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#client.dispose();
    this.#ended.resolve(end);
  }
}

/** The error that a response says, or what its status stands for. */
async function errorOf(response: Response): Promise<PulseError> {
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "errors" in body && Array.isArray(body.errors)) {
      return fromGraphQLErrors(body.errors as GraphQLErrorLike[]);
    }
  } catch {
    // Not of this server: a proxy in between.
  }
  const message = `the server answered ${response.status}`;
  if (response.status === 401) return new PulseError("UNAUTHENTICATED", message);
  return new PulseError(response.status >= 500 ? "UNAVAILABLE" : "NETWORK", message);
}

function authorization(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** The response with a body that breaks when nothing comes for too long: a half-open connection is not waited for. */
function watched(response: Response): Response {
  if (!response.ok || !response.body) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("the event stream is silent")), TIMING.streamSilence);
      });
      try {
        const { done, value } = await Promise.race([reader.read(), silence]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (thrown) {
        controller.error(thrown);
        reader.cancel(thrown).catch(() => undefined);
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
