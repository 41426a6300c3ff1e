// Requests to one node, over connections that are kept, with a bound on how long each may take.

import http from 'node:http';

/** How long an answer is waited for. The server gives up after 10 s. */
const TIMEOUT_MS = 15_000;
const CONNECTIONS = 64;

export class HttpClient {
  #agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  constructor(port) {
    this.port = port;
  }

  /**
   * Resolves with `{ status, body }`, or with `{ failed }` where no whole answer came: then nobody knows what the
   * server did. Never rejects.
   */
  ask(method, path, body) {
    return new Promise((resolve) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const failed = (error) => resolve({ failed: error.code ?? error.message });
      const request = http.request({
        agent: this.#agent,
        headers: text === undefined ? {} : {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        },
        host: '127.0.0.1',
        method,
        path,
        port: this.port,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', failed);
        response.on('end', () => {
          if (!response.complete) return failed({ code: 'incomplete' });
          return resolve({ status: response.statusCode, body: parsed(Buffer.concat(parts).toString()) });
        });
      });
      request.on('error', failed);
      request.end(text);
    });
  }

  get(path) {
    return this.ask('GET', path);
  }

  graphql(query, variables) {
    return this.ask('POST', '/graphql', { query, variables });
  }

  close() {
    this.#agent.destroy();
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
