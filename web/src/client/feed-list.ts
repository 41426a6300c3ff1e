import { isBefore } from "./cursor.js";
import { toPulseError, type PulseError } from "./errors.js";
import type { Feed } from "./feed.js";
import type { FeedFilter, FeedItem } from "./kinds.js";
import { Resource } from "./resource.js";
import { Retry } from "./retry.js";
import { LIST_LIMIT } from "./timing.js";
import type { Release } from "./types.js";

/** A list as it is shown. */
export interface FeedView<Item> {
  /** Newest first. */
  readonly items: readonly Item[];
  /** How many items of the user are unread in all, says the server. */
  readonly unreadCount: number;
  /** Whether the first page is being read and there is nothing to show yet. */
  readonly loading: boolean;
  /** Why the last reading failed; it is tried again by itself where that can help. */
  readonly error: PulseError | null;
  /** Whether older items follow. */
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
}

/** What a list shows before anything is known. */
export const EMPTY_VIEW: FeedView<never> = {
  items: [], unreadCount: 0, loading: true, error: null, hasMore: false, isLoadingMore: false,
};

/** The most that one request brings. */
const LARGEST_PAGE = 200;
const LONGEST_TIMER = 2 ** 31 - 1;

/** The items of a feed that fit a filter: the newest ones live, older ones as they are asked for. */
export class FeedList<Item extends FeedItem, New extends { readonly userId?: string | null | undefined }>
  extends Resource<FeedView<Item>> {
  readonly #feed: Feed<Item, New>;
  readonly #filter: FeedFilter<string>;
  readonly #pageSize: number;
  readonly #retry: Retry;
  #base: readonly Item[] = [];
  #loaded = false;
  #hasMore = false;
  #error: PulseError | null = null;
  #pageUnread = 0;
  /** Items that arrived while a page was being read. */
  #arrived: Item[] | null = null;
  #reading: Promise<void> | null = null;
  #readAgain = false;
  #more: Promise<void> | null = null;
  #kept = LIST_LIMIT;
  #leave: Release | null = null;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(feed: Feed<Item, New>, filter: FeedFilter<string>, pageSize: number) {
    super(EMPTY_VIEW);
    this.#feed = feed;
    this.#filter = filter;
    this.#pageSize = Math.min(Math.max(1, Math.trunc(pageSize)), LARGEST_PAGE);
    this.#retry = new Retry(feed.host.connection);
  }

  protected start(): void {
    this.#leave = this.#feed.attach(this);
    void this.reload();
  }

  protected stop(): void {
    this.#leave?.();
    this.#leave = null;
    this.#retry.cancel();
    clearTimeout(this.#expiry);
    this.#base = [];
    this.#loaded = false;
    this.#kept = LIST_LIMIT;
    this.cell.set(EMPTY_VIEW);
  }

  // --- reading -------------------------------------------------------------------------------------------------------

  /** Reads the first page, and replaces the list by it. Resolves when it is shown, or why it is not. */
  reload(): Promise<void> {
    return this.#read(() => this.#pageSize, false);
  }

  /** Reads again what the list holds, the newest 200 at most: for changes that are not pushed. */
  refresh(): void {
    void this.#read(() => Math.min(Math.max(this.#pageSize, this.#base.length), LARGEST_PAGE), true);
  }

  /** What `refetch` of a hook does: rejects with why it failed. */
  async refetch(): Promise<void> {
    await this.#read(() => Math.min(Math.max(this.#pageSize, this.#base.length), LARGEST_PAGE), true);
    if (this.#error) throw this.#error;
  }

  /**
   * Reads the next page of older items, once however often it is called until it is there. Why it failed is shown as
   * `error`; the next call tries again.
   */
  async loadMore(): Promise<void> {
    if (!this.#hasMore || !this.#loaded || !this.running) return;
    this.#more ??= this.#readMore().finally(() => {
      this.#more = null;
      this.publish();
    });
    this.publish();
    return this.#more;
  }

  async #read(count: () => number, keepOlder: boolean): Promise<void> {
    // One reading at a time; who asks meanwhile is given one that began after they asked.
    if (this.#reading) {
      this.#readAgain = true;
      await this.#reading;
      if (!this.#readAgain) return this.#reading ?? undefined;
      this.#readAgain = false;
    }
    if (!this.running) return;
    this.#reading = this.#readPage(count(), keepOlder).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readPage(count: number, keepOlder: boolean): Promise<void> {
    this.#retry.cancel();
    const confirmed = this.#feed.overlays.confirmed();
    this.#arrived = [];
    this.publish();
    try {
      const page = await this.#page(count);
      if (!this.running) return;
      this.#take(page.items, page.hasMore, keepOlder);
      this.#feed.overlays.forget(confirmed);
      this.#error = null;
      this.#retry.succeeded();
    } catch (thrown) {
      if (!this.running) return;
      this.#error = toPulseError(thrown);
      this.#retry.failed(this.#error, () => void this.#read(() => count, keepOlder));
    } finally {
      this.#arrived = null;
    }
    this.publish();
  }

  async #page(count: number): Promise<{ items: readonly Item[]; hasMore: boolean }> {
    const { kind, host, whose } = this.#feed;
    if (!this.#filtered) {
      const page = await kind.page(host.caller, whose, count, 0);
      this.#pageUnread = page.unreadCount;
      if (this.running) this.#feed.begin(page.cursor);
      return page;
    }
    // A page by cursor does not say where the feed stands: that is asked before, so that nothing is between.
    await this.#feed.begun();
    return kind.older(host.caller, whose, count, null, this.#filter);
  }

  async #readMore(): Promise<void> {
    const { kind, host, whose } = this.#feed;
    const last = this.#base.at(-1);
    try {
      const page = await kind.older(host.caller, whose, this.#pageSize, last?.cursor ?? null, this.#filter);
      // The list was replaced or shortened meanwhile: this page does not follow its end.
      if (!this.running || this.#base.at(-1)?.id !== last?.id) return;
      const present = new Set(this.#base.map(({ id }) => id));
      this.#base = [...this.#base, ...page.items.filter(({ id }) => !present.has(id))];
      this.#kept = Math.max(this.#kept, this.#base.length);
      this.#hasMore = page.hasMore;
      this.#error = null;
    } catch (thrown) {
      if (this.running) this.#error = toPulseError(thrown);
    }
  }

  /** A page is the newest part of the list; what arrived while it was read is added where it is newer still. */
  #take(page: readonly Item[], hasMore: boolean, keepOlder: boolean): void {
    const inPage = new Set(page.map(({ id }) => id));
    const [newest] = page;
    const newer = (this.#arrived ?? []).filter(
      ({ id, cursor }) => !inPage.has(id) && (newest === undefined || isBefore(newest.cursor, cursor)),
    );
    const last = page.at(-1);
    const end = keepOlder && hasMore && last ? this.#base.findIndex(({ id }) => id === last.id) : -1;
    const older = end < 0 ? [] : this.#base.slice(end + 1);
    this.#base = [...newer, ...page, ...older];
    if (older.length === 0) this.#hasMore = hasMore;
    this.#loaded = true;
  }

  // --- what the feed says --------------------------------------------------------------------------------------------

  has(id: string): boolean {
    return this.#base.some((item) => item.id === id);
  }

  /** An item was created. It is the newest, unless a page was read that is ahead of the events. */
  insert(item: Item): void {
    if (!this.#fits(item)) return;
    this.#arrived = this.#arrived && [item, ...this.#arrived.filter(({ id }) => id !== item.id)];
    if (this.has(item.id)) {
      this.#base = this.#base.map((old) => (old.id === item.id ? item : old));
      return;
    }
    const place = this.#base.findIndex(({ cursor }) => isBefore(cursor, item.cursor));
    // Older than all that is here: it comes with the next page.
    if (place < 0 && this.#hasMore && this.#base.length > 0) return;
    const end = place < 0 ? this.#base.length : place;
    this.#base = [...this.#base.slice(0, end), item, ...this.#base.slice(end)];
    if (this.#base.length > this.#kept) {
      this.#base = this.#base.slice(0, this.#kept);
      this.#hasMore = true;
    }
  }

  /** A change succeeded. */
  settle(change: (item: Item) => Item | null): void {
    this.#base = this.#base.flatMap((item) => change(item) ?? []);
    this.#arrived = this.#arrived && this.#arrived.flatMap((item) => change(item) ?? []);
  }

  failed(error: PulseError): void {
    this.#error = error;
    this.publish();
  }

  /** Shows what there is now. */
  publish(): void {
    if (!this.running) return;
    const now = Date.now();
    const { overlays, kind, host } = this.#feed;
    const items = overlays.over(this.#base).filter((item) => this.#fits(item) && kind.expires(item) > now);
    const { counts } = host.counts.get();
    const view: FeedView<Item> = {
      items,
      unreadCount: counts ? kind.unread(counts) : this.#pageUnread,
      loading: !this.#loaded && this.#error === null,
      error: this.#error,
      hasMore: this.#hasMore,
      isLoadingMore: this.#more !== null,
    };
    if (!sameView(this.cell.get(), view)) this.cell.set(view);
    this.#watchExpiry(items, now);
  }

  get #filtered(): boolean {
    return this.#filter.type !== undefined || this.#filter.unreadOnly === true;
  }

  #fits({ type, read }: Item): boolean {
    return (this.#filter.type === undefined || type === this.#filter.type) && !(this.#filter.unreadOnly && read);
  }

  /** What has expired is gone at that instant, here too. */
  #watchExpiry(items: readonly Item[], now: number): void {
    clearTimeout(this.#expiry);
    const next = items.reduce((earliest, item) => Math.min(earliest, this.#feed.kind.expires(item)), Infinity);
    if (next === Infinity) return;
    this.#expiry = setTimeout(() => this.publish(), Math.min(next - now, LONGEST_TIMER));
  }
}

function sameView<Item>(one: FeedView<Item>, other: FeedView<Item>): boolean {
  return one.unreadCount === other.unreadCount && one.loading === other.loading && one.error === other.error
    && one.hasMore === other.hasMore && one.isLoadingMore === other.isLoadingMore
    && one.items.length === other.items.length && one.items.every((item, index) => item === other.items[index]);
}
