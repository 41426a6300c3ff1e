import type { Fetcher, FetcherOpts, FetcherParams } from "@graphiql/toolkit";
import { type ExecutionResult, getOperationAST } from "graphql";
import { createClient } from "graphql-ws";

const HTTP_PATH = "/graphql";
const SOCKET_PATH = "/graphql/ws";
/** What graphql-transport-ws closes a socket with whose token does not serve, or not any more. */
const FORBIDDEN = 4403;

/** Is told which `Authorization` the server did not take. */
type OnRefused = (authorization: string) => void;

/** Queries and mutations go over HTTP, subscriptions over a WebSocket, both to the server that served the page. */
export function createFetcher(onRefused: OnRefused): Fetcher {
  return (request, options = {}) =>
    isSubscription(request, options) ? subscribe(request, options, onRefused) : post(request, options, onRefused);
}

function isSubscription({ operationName }: FetcherParams, { documentAST }: FetcherOpts): boolean {
  return documentAST !== undefined && getOperationAST(documentAST, operationName)?.operation === "subscription";
}

async function post(
  request: FetcherParams,
  { headers }: FetcherOpts,
  onRefused: OnRefused,
): Promise<ExecutionResult> {
  const response = await fetch(HTTP_PATH, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(request),
  }).catch((reason: unknown) => {
    throw failure(`POST ${HTTP_PATH} failed: ${reason instanceof Error ? reason.message : reason}`);
  });
  const authorization = authorizationOf(headers);
  if (response.status === 401 && authorization !== undefined) onRefused(authorization);
  return response.json().catch(() => {
    throw failure(`POST ${HTTP_PATH} answered ${response.status} ${response.statusText} and no JSON`);
  });
}

/**
 * Opens a socket for this subscription alone, so that it runs as the user whose token the headers editor holds now.
 * A lost connection ends it: a silent retry would hide the events that came meanwhile.
 */
function subscribe(
  request: FetcherParams,
  { headers }: FetcherOpts,
  onRefused: OnRefused,
): AsyncIterableIterator<ExecutionResult> {
  const authorization = authorizationOf(headers);
  const client = createClient({
    url: new URL(SOCKET_PATH, location.href).href.replace(/^http/, "ws"),
    connectionParams: authorization === undefined ? {} : { authorization },
    retryAttempts: 0,
  });
  // GraphiQL's type has errors as a server's classes; what arrives, here and in `post`, is their JSON.
  const events = client.iterate(request) as AsyncIterableIterator<ExecutionResult>;
  const next = events.next.bind(events);
  // The rest stays graphql-ws's own: its `return`, which the stop button calls, ends a `next` that waits.
  return Object.assign(events, {
    next: () =>
      next().catch((reason: unknown) => {
        const refused = reason instanceof CloseEvent && reason.code === FORBIDDEN;
        if (refused && authorization !== undefined) onRefused(authorization);
        throw socketFailure(reason);
      }),
  });
}

/** Header names have no case; a WebSocket cannot send headers, so this one travels in `connection_init`. */
function authorizationOf(headers: FetcherOpts["headers"]): string | undefined {
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (name.toLowerCase() === "authorization") return String(value);
  }
  return undefined;
}

/** `reason` is the operation's GraphQL errors, which are fit to show, or what closed the socket. */
function socketFailure(reason: unknown): unknown {
  if (reason instanceof CloseEvent) {
    return failure(`The socket ${SOCKET_PATH} closed with ${reason.code} ${reason.reason}`.trimEnd());
  }
  if (reason instanceof Event) return failure(`The socket ${SOCKET_PATH} cannot be opened`);
  return reason;
}

/** An error that GraphiQL shows as its message, without a stack of minified names. */
function failure(message: string): Error {
  const error = new Error(message);
  delete error.stack;
  return error;
}
