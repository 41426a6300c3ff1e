import { onTestFinished, vi } from "vitest";
import WebSocket from "ws";
import { createPulseClient, type PulseClient, type PulseClientOptions, type Resource } from "../../src/index.js";
import { token, type PulseServer } from "./server.js";

/** How long something may take to arrive. */
const ARRIVAL_MS = 15_000;

/** Waits until `look` passes without throwing; its last complaint is the test's. */
export function until<T>(look: () => T | Promise<T>, timeout = ARRIVAL_MS): Promise<T> {
  return vi.waitFor(look, { timeout, interval: 10 });
}

/** A client of this user that is disposed of when the test ends. */
export function clientOf(
  server: PulseServer, userId: string, options: Partial<PulseClientOptions> = {},
): PulseClient {
  const client = createPulseClient({
    url: server.url, userId, getToken: () => token(userId), webSocketImpl: WebSocket, ...options,
  });
  onTestFinished(() => client.dispose());
  return client;
}

/** Watches a resource until the test ends, and keeps every view that it showed. */
export function watch<T>(resource: Resource<T>): { readonly views: T[]; readonly now: T; readonly leave: () => void } {
  const views: T[] = [resource.get()];
  const leave = resource.subscribe(() => views.push(resource.get()));
  onTestFinished(leave);
  return {
    views,
    leave,
    get now() {
      return resource.get();
    },
  };
}

/** Every state that the connection has been in since. */
export function statesOf(client: PulseClient): string[] {
  const states = [client.connection.get().state as string];
  onTestFinished(client.connection.subscribe(() => {
    const { state } = client.connection.get();
    if (states.at(-1) !== state) states.push(state);
  }));
  return states;
}
