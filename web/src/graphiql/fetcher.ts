import type { Fetcher, FetcherOpts, FetcherParams } from "@graphiql/toolkit";
import { type ExecutionResult, getOperationAST } from "graphql";
import { createClient } from "graphql-ws";

const HTTP_PATH = "/graphql";
const SOCKET_PATH = "/graphql/ws";

/** Queries and mutations go over HTTP, subscriptions over a WebSocket, both to the server that served the page. */
export const fetcher: Fetcher = (request, options = {}) =>
  isSubscription(request, options) ? subscribe(request, options) : post(request, options);

function isSubscription({ operationName }: FetcherParams, { documentAST }: FetcherOpts): boolean {
  return documentAST !== undefined && getOperationAST(documentAST, operationName)?.operation === "subscription";
}

async function post(request: FetcherParams, { headers }: FetcherOpts): Promise<ExecutionResult> {
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
  return response.json().catch(() => {
    throw failure(`POST ${HTTP_PATH} answered ${response.status} ${response.statusText} and no JSON`);
  });
}

/**
 * Opens a socket for this subscription alone, so that it runs as the user whose token the headers editor holds now.
 * A lost connection ends it: a silent retry would hide the events that came meanwhile.
 */
function subscribe(request: FetcherParams, { headers }: FetcherOpts): AsyncIterableIterator<ExecutionResult> {
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
