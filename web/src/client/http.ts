import { PulseError } from "./errors.js";
import { TIMING } from "./timing.js";
import type { Tokens } from "./tokens.js";

/**
 * `fetch` with the user's token and a limit of time. A request that is refused because of its token was not executed:
 * it is sent once more with a fresh one.
 */
export function authorizedFetch(tokens: Tokens, fetcher: typeof fetch): typeof fetch {
  return async (input, init) => {
    const token = await tokens.current();
    const response = await send(fetcher, input, init, token);
    if (response.status !== 401 || token === null) return response;
    tokens.reject(token);
    const fresh = await tokens.current();
    return fresh === token || fresh === null ? response : send(fetcher, input, init, fresh);
  };
}

async function send(
  fetcher: typeof fetch, input: RequestInfo | URL, init: RequestInit | undefined, token: string | null,
): Promise<Response> {
  const limit = new AbortController();
  const abort = (): void => limit.abort(init?.signal?.reason);
  const timer = setTimeout(() => {
    limit.abort(new PulseError("NETWORK", `the server did not answer within ${TIMING.request / 1000} s`));
  }, TIMING.request);
  init?.signal?.addEventListener("abort", abort);
  try {
    const headers = new Headers(init?.headers);
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    const response = await fetcher(input, { ...init, headers, signal: limit.signal });
    // Read here, so that the limit holds for the body too.
    const body = await response.text();
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  } finally {
    clearTimeout(timer);
    init?.signal?.removeEventListener("abort", abort);
  }
}
