import type { Watchable } from "./cell.js";
import type { ConnectionInfo } from "./connection.js";
import type { PulseError } from "./errors.js";
import { backoff } from "./timing.js";
import type { Release } from "./types.js";

/** Does again what failed for a reason that may pass: after a growing wait, or when the server is back. */
export class Retry {
  readonly #connection: Watchable<ConnectionInfo>;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #leave: Release | undefined;

  constructor(connection: Watchable<ConnectionInfo>) {
    this.#connection = connection;
  }

  /** It failed: `again` is called later, unless the error will not pass. */
  failed(error: PulseError, again: () => void): void {
    this.cancel();
    if (!error.retryable && error.code !== "UNAUTHENTICATED") return;
    const run = (): void => {
      this.cancel();
      again();
    };
    const wait = backoff(this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(run, wait);
    let before = this.#connection.get().state;
    this.#leave = this.#connection.subscribe(() => {
      const { state } = this.#connection.get();
      if (state === "live" && before !== "live") run();
      before = state;
    });
  }

  succeeded(): void {
    this.cancel();
    this.#failures = 0;
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#leave?.();
    this.#leave = undefined;
  }
}
