import { createClient, type Client } from "graphql-sse";
import { resuming } from "./resuming.js";

export interface EventStreamOptions {
  /** `https://pulse.example/graphql` */
  url: string;
  getToken: () => Promise<string>;
}

/**
 * Subscriptions over server-sent events with the token in a header, for where WebSockets are blocked. The server ends a
 * stream when its token does; the client comes back with a fresh one, and goes on after the last item.
 */
export function createEventStream({ url, getToken }: EventStreamOptions): Client {
  return resuming(createClient({
    url,
    headers: async () => ({ authorization: `Bearer ${await getToken()}` }),
    retryAttempts: Infinity,
    retry: (retries) => new Promise((done) => {
      setTimeout(done, Math.random() * Math.min(30_000, 500 * 2 ** retries));
    }),
  }));
}
