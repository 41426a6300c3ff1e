import type { Release } from "./types.js";

/** A value that can be watched: what `useSyncExternalStore` takes. */
export interface Watchable<T> {
  /** The value: the same object until it changes. */
  get(): T;
  /** Calls `listener` after each change. */
  subscribe(listener: () => void): Release;
}

/** A watchable value that its owner sets. */
export class Cell<T> implements Watchable<T> {
  readonly #listeners = new Set<() => void>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  readonly subscribe = (listener: () => void): Release => {
    // A function of its own for each call, so that one listener can be there twice.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  };
}
