import {
  ActiveUsersChangedDocument, LeaderboardDocument, UnreadCountsDocument, type AnalyticsFieldsFragment,
} from "../generated/operations.js";
import type { Watchable } from "./cell.js";
import type { ConnectionInfo } from "./connection.js";
import { toPulseError, type PulseError } from "./errors.js";
import type { CountsView } from "./feed.js";
import type { Caller, Whose } from "./kinds.js";
import { Resource } from "./resource.js";
import { Retry } from "./retry.js";
import { TIMING } from "./timing.js";
import type { Analytics, Release } from "./types.js";

/** What the small resources need of the client. */
export interface StateHost {
  readonly caller: Caller;
  readonly connection: Watchable<ConnectionInfo>;
}

/** What counts show before anything is known. */
export const NO_COUNTS: CountsView = { counts: null, cursor: null, error: null };

/** The unread counts of a user, as the server says them. */
export class UnreadCountsResource extends Resource<CountsView> {
  readonly #host: StateHost;
  readonly #whose: Whose;
  #leave: Release | null = null;

  constructor(host: StateHost, whose: Whose) {
    super(NO_COUNTS);
    this.#host = host;
    this.#whose = whose;
  }

  protected start(): void {
    this.#leave = this.#host.caller.follow(UnreadCountsDocument, { userId: this.#whose.userId ?? null }, {
      next: ({ unreadCounts: { activities, notifications, cursor } }) => {
        const { counts, error } = this.get();
        if (!error && counts?.activities === activities && counts.notifications === notifications) return;
        this.cell.set({ counts: { activities, notifications }, cursor, error: null });
      },
      error: (error) => this.cell.set({ ...NO_COUNTS, error }),
    });
  }

  protected stop(): void {
    this.#leave?.();
    this.cell.set(NO_COUNTS);
  }
}

/** How many users are active. */
export interface ActiveUsersView {
  /** Nothing until the server has said it. */
  readonly activeUsers: number | null;
  readonly error: PulseError | null;
}

/** What active users show before anything is known. */
export const NO_USERS: ActiveUsersView = { activeUsers: null, error: null };

/** How many users have at least one open socket. */
export class ActiveUsersResource extends Resource<ActiveUsersView> {
  readonly #host: StateHost;
  #leave: Release | null = null;

  constructor(host: StateHost) {
    super(NO_USERS);
    this.#host = host;
  }

  protected start(): void {
    this.#leave = this.#host.caller.follow(ActiveUsersChangedDocument, {}, {
      next: ({ activeUsers }) => this.cell.set({ activeUsers, error: null }),
      error: (error) => this.cell.set({ activeUsers: null, error }),
    });
  }

  protected stop(): void {
    this.#leave?.();
    this.cell.set(NO_USERS);
  }
}

/** A leaderboard as it is shown. */
export interface LeaderboardView {
  /** Most learning hours first, ties by user id. */
  readonly entries: readonly Analytics[];
  /** How many users there are in all. */
  readonly total: number;
  readonly loading: boolean;
  readonly error: PulseError | null;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
}

/** What a leaderboard shows before anything is known. */
export const NO_LEADERS: LeaderboardView = {
  entries: [], total: 0, loading: true, error: null, hasMore: false, isLoadingMore: false,
};

const LARGEST_PAGE = 200;

/** The analytics of everybody. Changes of others are not pushed: it is read again at times, while it is shown. */
export class LeaderboardResource extends Resource<LeaderboardView> {
  readonly #host: StateHost;
  readonly #pageSize: number;
  readonly #retry: Retry;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> | null = null;
  #more: Promise<void> | null = null;

  constructor(host: StateHost, pageSize: number) {
    super(NO_LEADERS);
    this.#host = host;
    this.#pageSize = Math.min(Math.max(1, Math.trunc(pageSize)), LARGEST_PAGE);
    this.#retry = new Retry(host.connection);
  }

  protected start(): void {
    void this.reload();
  }

  protected stop(): void {
    clearTimeout(this.#timer);
    this.#retry.cancel();
    this.cell.set(NO_LEADERS);
  }

  /** Reads it again: as much as is shown, 200 at most. */
  reload(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** What `refetch` of the hook does: rejects with why it failed. */
  async refetch(): Promise<void> {
    await this.reload();
    const { error } = this.get();
    if (error) throw error;
  }

  /** Reads the next page. Why it failed is shown as `error`. */
  async loadMore(): Promise<void> {
    if (!this.running || !this.get().hasMore) return;
    this.#more ??= this.#readMore().finally(() => {
      this.#more = null;
      if (this.running) this.cell.set({ ...this.get(), isLoadingMore: false });
    });
    return this.#more;
  }

  async #read(): Promise<void> {
    clearTimeout(this.#timer);
    this.#retry.cancel();
    const limit = Math.min(Math.max(this.#pageSize, this.get().entries.length), LARGEST_PAGE);
    try {
      const { leaderboard } = await this.#host.caller.query(LeaderboardDocument, { limit, skip: 0 });
      if (!this.running) return;
      this.#retry.succeeded();
      const { analytics, total, hasMore } = leaderboard;
      const entries = analytics.map(analyticsOf);
      this.cell.set({ ...this.get(), entries, total, hasMore, loading: false, error: null });
    } catch (thrown) {
      if (!this.running) return;
      const error = toPulseError(thrown);
      this.cell.set({ ...this.get(), loading: false, error });
      this.#retry.failed(error, () => void this.reload());
    }
    this.#timer = setTimeout(() => void this.reload(), TIMING.leaderboard);
  }

  async #readMore(): Promise<void> {
    this.cell.set({ ...this.get(), isLoadingMore: true });
    const { entries } = this.get();
    try {
      const { leaderboard } = await this.#host.caller.query(LeaderboardDocument, {
        limit: this.#pageSize, skip: entries.length,
      });
      if (!this.running) return;
      // Ranks may have changed between the pages: nobody is shown twice.
      const present = new Set(this.get().entries.map(({ userId }) => userId));
      const next = leaderboard.analytics.map(analyticsOf).filter(({ userId }) => !present.has(userId));
      const { total, hasMore } = leaderboard;
      this.cell.set({ ...this.get(), entries: [...this.get().entries, ...next], total, hasMore, error: null });
    } catch (thrown) {
      if (this.running) this.cell.set({ ...this.get(), error: toPulseError(thrown) });
    }
  }
}

/** Analytics as GraphQL sends them: REST shows the same. */
export function analyticsOf(analytics: AnalyticsFieldsFragment): Analytics {
  return analytics;
}
