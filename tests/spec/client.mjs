// Sends requests to Pulse and says how each ended, in the words of the reference.

const DEADLINE_MS = 20_000;

/** A client of one server, as the viewer. */
export class Client {
  constructor({ address, token }) {
    this.url = `${address}/graphql`;
    this.authorization = `Bearer ${token}`;
  }

  /** The answer to a query or mutation: `{ verdict, status, data, errors }`. */
  async answer(request) {
    const response = await this.#post(request, 'application/graphql-response+json', AbortSignal.timeout(DEADLINE_MS));
    const text = await response.text();
    return { status: response.status, ...outcome(JSON.parse(text)) };
  }

  /** The first event of a subscription, as the answer to a query; `poke` makes one, and is called until it is there. */
  async first(request, poke) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error(`no event within ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
    const poking = setInterval(poke, 100);
    try {
      const response = await this.#post(request, 'text/event-stream', abort.signal);
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
        return { status: response.status, ...outcome(JSON.parse(await response.text())) };
      }
      return outcome(await firstEvent(response.body));
    } finally {
      clearInterval(poking);
      clearTimeout(timer);
      abort.abort();
    }
  }

  #post(request, accept, signal) {
    return fetch(this.url, {
      method: 'POST',
      headers: { accept, authorization: this.authorization, 'content-type': 'application/json' },
      body: body(request),
      signal,
    });
  }
}

/** The body of a request; `rawVariables` is JSON that JavaScript would write otherwise (`2.0`). */
export function body({ query, variables, rawVariables, operationName }) {
  if (rawVariables === undefined) return JSON.stringify({ query, variables, operationName });
  return `{"query":${JSON.stringify(query)},"variables":${rawVariables}}`;
}

async function firstEvent(stream) {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const found = /^event: ?next\r?\n(?:id:[^\r\n]*\r?\n)?data: ?([^\r\n]*)\r?\n/m.exec(text);
    if (found) return JSON.parse(found[1]);
  }
  throw new Error(`the stream ended without an event: ${JSON.stringify(text.slice(0, 300))}`);
}

const BY_CODE = { GRAPHQL_PARSE_FAILED: 'parse', GRAPHQL_VALIDATION_FAILED: 'validation' };

function outcome(answer) {
  const { errors = [] } = answer;
  if ('data' in answer) return { verdict: 'executed', data: answer.data, errors };
  const code = errors[0]?.extensions?.code;
  return { verdict: BY_CODE[code] ?? code ?? 'none', message: errors[0]?.message, errors };
}
