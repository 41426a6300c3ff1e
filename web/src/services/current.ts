import { createPulseClient, type PulseClient } from "../client/index.js";

let current: PulseClient | null = null;

/** The client that the services use. */
export function setPulseClient(client: PulseClient | null): void {
  current = client;
}

/** The client that the services use: in a browser, where none was set, one for `/graphql` on the page's own server. */
export function getPulseClient(): PulseClient {
  current ??= createPulseClient({ url: "/graphql" });
  return current;
}
