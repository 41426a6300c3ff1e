import { Cell } from "./cell.js";
import { TIMING } from "./timing.js";
import type { Release } from "./types.js";

/**
 * Something live that any number of components share: it runs while at least one watches it, and a short while longer.
 */
export abstract class Resource<T> {
  protected readonly cell: Cell<T>;
  #watchers = 0;
  #running = false;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(initial: T) {
    this.cell = new Cell(initial);
  }

  /** What to show: the same object until it changes. */
  readonly get = (): T => this.cell.get();

  /** Watches it. The first watcher makes it run. */
  readonly subscribe = (listener: () => void): Release => {
    const leave = this.cell.subscribe(listener);
    this.#watchers += 1;
    clearTimeout(this.#idle);
    if (!this.#running) this.#run(true);
    let watching = true;
    return () => {
      if (!watching) return;
      watching = false;
      leave();
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      this.#idle = setTimeout(() => this.#run(false), TIMING.linger);
    };
  };

  /** Whether it runs: what arrives after its end is of no interest. */
  get running(): boolean {
    return this.#running;
  }

  /** Set by the registry: told when it begins and ends to run. */
  onRun: ((running: boolean) => void) | undefined;

  #run(running: boolean): void {
    this.#running = running;
    this.onRun?.(running);
    if (running) this.start();
    else this.stop();
  }

  protected abstract start(): void;
  protected abstract stop(): void;
}

/** The resources of a client, by name. One that has stopped is forgotten; one that runs again is known again. */
export class Resources {
  readonly #byName = new Map<string, object>();

  /** The resource of this name; made where there is none. */
  of<T, R extends Resource<T>>(name: string, make: () => R): R {
    const found = this.#byName.get(name);
    // One name has one type: each is used by one function of the client.
    if (found) return found as R;
    const made = make();
    this.#byName.set(name, made);
    made.onRun = (running) => {
      const known = this.#byName.get(name);
      if (running && !known) this.#byName.set(name, made);
      if (!running && known === made) this.#byName.delete(name);
    };
    return made;
  }
}
