/** Every time that the client keeps, in milliseconds. */
export const TIMING = {
  /** The first wait before connecting again is a random part of this; it doubles with every failure in a row. */
  reconnectBase: 500,
  /** No wait before connecting again is longer. */
  reconnectMax: 30_000,
  /** A connection that held this long makes the waits short again. */
  stable: 10_000,
  /** How long opening a connection may take. */
  connect: 10_000,
  /** How long a query or mutation may take; the server gives up earlier. */
  request: 15_000,
  /** How long `getToken` may take. */
  token: 30_000,
  /** A token is renewed this long before its end, or when four fifths of its time are over if that is later. */
  tokenMargin: 60_000,
  /** A socket that was silent for this long is asked whether it is alive. */
  keepAlive: 12_000,
  /** How long its answer may take. */
  pong: 5_000,
  /** An event stream that was silent for this long is dead: the server sends something every 12 s. */
  streamSilence: 30_000,
  /** After falling back to event streams, a WebSocket is tried again after this; the wait doubles each time. */
  upgradeFirst: 5_000,
  /** The longest wait between two such tries. */
  upgradeMax: 300_000,
  /** How long something shared outlives its last user, so that a remount finds it as it was. */
  linger: 1_000,
  /** After a change in another window, how long to wait for more of them before the list is read again. */
  settle: 250,
  /** How often a leaderboard that is shown is read again: changes of others are not pushed. */
  leaderboard: 30_000,
} as const;

/** After how many attempts in a row in which no WebSocket opened an event stream is tried. */
export const SOCKET_ATTEMPTS = 3;

/** A list keeps this many items when new ones arrive; those that `loadMore` brought are kept beyond it. */
export const LIST_LIMIT = 1_000;

/** A random part of an exponentially growing wait ("full jitter"), so that clients do not come back all at once. */
export function backoff(failures: number, random: () => number = Math.random): number {
  const ceiling = Math.min(TIMING.reconnectMax, TIMING.reconnectBase * 2 ** Math.min(failures, 16));
  return random() * ceiling;
}
