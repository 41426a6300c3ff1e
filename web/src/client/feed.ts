import { HeadDocument } from "../generated/operations.js";
import type { Watchable } from "./cell.js";
import type { ConnectionInfo } from "./connection.js";
import { PulseError, toPulseError } from "./errors.js";
import type { FeedList } from "./feed-list.js";
import type { Caller, FeedItem, Kind, Whose } from "./kinds.js";
import { Overlays } from "./overlays.js";
import { Retry } from "./retry.js";
import { TIMING } from "./timing.js";
import type { Resource } from "./resource.js";
import type { Release, UnreadCounts } from "./types.js";

/** The unread counts, and what is known of them. */
export interface CountsView {
  readonly counts: UnreadCounts | null;
  /** Where the user's history stood when they became what they are. */
  readonly cursor: string | null;
  readonly error: PulseError | null;
}

export interface FeedHost {
  readonly caller: Caller;
  readonly connection: Watchable<ConnectionInfo>;
  readonly counts: Resource<CountsView>;
}

/** How many ids are remembered, to know whether the event of a creation came before its answer. */
const SEEN = 256;

/** What hears of each new item of a feed. */
export interface FeedListener<Item> {
  created(item: Item): void;
  /** Events cannot be resumed: what was built from them is to be read anew. */
  replaced?(): void;
  failed?(error: PulseError): void;
}

/**
 * One user's activities or notifications: one live operation for all lists of them, and the changes that are made
 * to them here.
 *
 * A list is what the server said (its base) and the changes that are under way (overlays). A change that succeeds
 * goes into the base, one that fails is dropped: that is the whole of the rollback.
 */
export class Feed<Item extends FeedItem, New extends { readonly userId?: string | null | undefined }> {
  readonly kind: Kind<Item, New>;
  readonly whose: Whose;
  readonly host: FeedHost;
  readonly overlays = new Overlays<Item>();
  readonly #lists = new Set<FeedList<Item, New>>();
  readonly #listeners = new Set<FeedListener<Item>>();
  readonly #retry: Retry;
  #operation: Release | null = null;
  #starting: Promise<void> | null = null;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #leaveCounts: Release | null = null;
  /** Unread items that calls of ours have read or deleted, and the counts have not shown yet. */
  #ownDrops = 0;
  #unread: number | null = null;
  /** Where the history stood at the page or question that events follow, and at the first counts. */
  #first: { events?: string; counts?: string } = {};
  #refresh: ReturnType<typeof setTimeout> | undefined;
  /** The ids that arrived last. */
  #seen: string[] = [];
  /** Set by the client: told when it begins and ends to be used. */
  onUse: ((used: boolean) => void) | undefined;
  static #drafts = 0;

  constructor(kind: Kind<Item, New>, whose: Whose, host: FeedHost) {
    this.kind = kind;
    this.whose = whose;
    this.host = host;
    this.#retry = new Retry(host.connection);
  }

  // --- who watches ---------------------------------------------------------------------------------------------------

  /** A list runs. It hears of every item that is committed after a page that it reads from now on. */
  attach(list: FeedList<Item, New>): Release {
    this.#lists.add(list);
    this.#used();
    return () => {
      this.#lists.delete(list);
      this.#unused();
    };
  }

  /** Somebody hears of the items that are created from now on. */
  listen(listener: FeedListener<Item>): Release {
    this.#listeners.add(listener);
    this.#used();
    void this.begun();
    return () => {
      this.#listeners.delete(listener);
      this.#unused();
    };
  }

  /** The live operation goes on from this cursor, where it does not run yet. */
  begin(cursor: string): void {
    if (this.#operation || (this.#lists.size === 0 && this.#listeners.size === 0)) return;
    this.#operation = this.kind.follow(this.host.caller, this.whose, cursor, {
      next: (item) => this.#arrived(item),
      expired: () => this.#replace(),
      error: (error) => this.#failed(error),
    });
    this.#noteFirst("events", cursor);
  }

  /** Resolves when the live operation has a place to start from. */
  begun(): Promise<void> {
    if (this.#operation) return Promise.resolve();
    this.#starting ??= this.#head().then(
      (cursor) => {
        this.#starting = null;
        this.#retry.succeeded();
        this.begin(cursor);
      },
      (thrown: unknown) => {
        this.#starting = null;
        const error = toPulseError(thrown);
        if (this.#listeners.size > 0) {
          this.#retry.failed(error, () => void this.begun());
          if (!error.retryable) for (const listener of this.#listeners) listener.failed?.(error);
        }
        throw error;
      },
    );
    const starting = this.#starting;
    // Who waits hears of the failure; nobody need wait.
    starting.catch(() => undefined);
    return starting;
  }

  #used(): void {
    clearTimeout(this.#idle);
    this.onUse?.(true);
    this.#leaveCounts ??= this.host.counts.subscribe(() => this.#counted());
  }

  #unused(): void {
    if (this.#lists.size > 0 || this.#listeners.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#retry.cancel();
      clearTimeout(this.#refresh);
      this.#operation?.();
      this.#operation = null;
      this.#leaveCounts?.();
      this.#leaveCounts = null;
      this.#unread = null;
      this.#first = {};
      this.#ownDrops = 0;
      this.overlays.forgetConfirmed();
      this.onUse?.(false);
    }, 0);
  }

  async #head(): Promise<string> {
    const { activities } = await this.host.caller.query(HeadDocument, { userId: this.whose.userId ?? null });
    return activities.cursor;
  }

  // --- what arrives --------------------------------------------------------------------------------------------------

  #arrived(item: Item): void {
    this.#seen = [item.id, ...this.#seen].slice(0, SEEN);
    this.overlays.bind(item, this.kind.same);
    for (const list of this.#lists) list.insert(item);
    this.overlays.delivered(item.id);
    this.#publish();
    for (const listener of [...this.#listeners]) listener.created(item);
  }

  /** The database is another one: everything is read anew, and the events go on from there. */
  async #replace(): Promise<string> {
    const cursor = await this.#head();
    await Promise.all([...this.#lists].map((list) => list.reload()));
    for (const listener of [...this.#listeners]) listener.replaced?.();
    return cursor;
  }

  #failed(error: PulseError): void {
    this.#operation = null;
    for (const list of this.#lists) list.failed(error);
    for (const listener of [...this.#listeners]) listener.failed?.(error);
  }

  /** The counts changed. Where that is not by calls of ours, items were read or deleted elsewhere. */
  #counted(): void {
    const { counts, cursor } = this.host.counts.get();
    if (!counts) return;
    const unread = this.kind.unread(counts);
    const dropped = this.#unread === null ? 0 : this.#unread - unread;
    this.#unread = unread;
    this.#publish();
    if (cursor !== null) this.#noteFirst("counts", cursor);
    if (dropped <= 0) return;
    if (dropped <= this.#ownDrops) this.#ownDrops -= dropped;
    else {
      this.#ownDrops = 0;
      this.refreshSoon();
    }
  }

  /**
   * The first counts may be of after a page was read, or its events began: what was read or deleted between them has
   * been counted already, and no later drop shows it.
   */
  #noteFirst(of: "events" | "counts", cursor: string): void {
    if (this.#first[of] !== undefined) return;
    this.#first[of] = cursor;
    const { events, counts } = this.#first;
    if (events !== undefined && counts !== undefined && events !== counts) this.refreshSoon();
  }

  /** The lists are read again shortly: once, however often this is called until then. */
  refreshSoon(): void {
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(() => {
      for (const list of this.#lists) list.refresh();
    }, TIMING.settle);
  }

  #publish(): void {
    for (const list of this.#lists) list.publish();
  }

  // --- changes -------------------------------------------------------------------------------------------------------

  /** Creates an item. It is shown at once, above the others, and once. */
  async create(input: New): Promise<Item> {
    const own = input.userId == null || input.userId === this.whose.userId;
    const complete = { ...input, userId: input.userId ?? this.whose.userId ?? null };
    if (!own) return this.kind.create(this.host.caller, complete);
    Feed.#drafts += 1;
    const draft = this.kind.draft(complete, `pending:${Feed.#drafts}`, complete.userId ?? "");
    const overlay = this.overlays.add(draft);
    this.#publish();
    try {
      const item = await this.kind.create(this.host.caller, complete);
      this.overlays.confirm(overlay, item, this.#seen.includes(item.id) || !this.#operation);
      return item;
    } catch (thrown) {
      this.overlays.drop(overlay);
      throw toPulseError(thrown);
    } finally {
      this.#publish();
    }
  }

  async markRead(id: string): Promise<Item> {
    const unread = this.#find(id)?.read === false ? 1 : 0;
    return this.#change(id, unread, asRead, async () => {
      const item = await this.kind.markRead(this.host.caller, id);
      return { answer: item, settled: (old) => (old.id === id ? item : old) };
    });
  }

  async remove(id: string): Promise<{ readonly id: string; readonly message: string }> {
    const unread = this.#find(id)?.read === false ? 1 : 0;
    return this.#change(id, unread, () => null, async () => {
      const answer = await this.kind.remove(this.host.caller, id);
      return { answer, settled: (old) => (old.id === id ? null : old) };
    });
  }

  async markAllRead(): Promise<number> {
    return this.#change(null, this.#unread ?? 0, asRead, async (seen) => {
      const answer = await this.kind.markAllRead(this.host.caller, this.whose);
      return { answer, settled: (old) => (seen.has(old.id) ? asRead(old) : old) };
    });
  }

  async clear(): Promise<number> {
    const { clear } = this.kind;
    if (!clear) throw new PulseError("METHOD_NOT_ALLOWED", `${this.kind.name} cannot be cleared`);
    return this.#change(null, this.#unread ?? 0, () => null, async (seen) => {
      const answer = await clear(this.host.caller, this.whose);
      return { answer, settled: (old) => (seen.has(old.id) ? null : old) };
    });
  }

  /**
   * Shows a change at once, makes it, and keeps or drops it. `id` is the item, or null for all that is shown now: what
   * arrives later is not touched, because the server may have made it afterwards.
   */
  async #change<Answer>(
    id: string | null,
    drops: number,
    shown: (item: Item) => Item | null,
    make: (seen: ReadonlySet<string>) => Promise<{ answer: Answer; settled: (old: Item) => Item | null }>,
  ): Promise<Answer> {
    if (id?.startsWith("pending:")) {
      throw new PulseError("CONFLICT", "the item is still being created", { field: "id" });
    }
    const seen = new Set<string>(id === null ? this.#ids() : [id]);
    const overlay = this.overlays.change((item) => (seen.has(item.id) ? shown(item) : item));
    this.#ownDrops += drops;
    this.#publish();
    try {
      const { answer, settled } = await make(seen);
      for (const list of this.#lists) list.settle(settled);
      this.overlays.settleAdded(settled);
      return answer;
    } catch (thrown) {
      this.#ownDrops = Math.max(0, this.#ownDrops - drops);
      const error = toPulseError(thrown);
      // Somebody else was faster.
      if (error.code === "NOT_FOUND") this.refreshSoon();
      throw error;
    } finally {
      this.overlays.drop(overlay);
      this.#publish();
    }
  }

  #find(id: string): Item | undefined {
    for (const list of this.#lists) {
      const found = list.get().items.find((item) => item.id === id);
      if (found) return found;
    }
    return undefined;
  }

  *#ids(): Iterable<string> {
    for (const list of this.#lists) for (const { id } of list.get().items) yield id;
  }
}

function asRead<Item extends FeedItem>(item: Item): Item {
  return item.read ? item : { ...item, read: true };
}
