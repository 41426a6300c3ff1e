import {
  AddWeeklyDataDocument, AnalyticsDocument, AnalyticsUpdatedDocument, HeadDocument, IncrementStatDocument,
  InitAnalyticsDocument, UpdateLearningHoursDocument, UpdateStreakDocument, type StatName as StatEnum,
} from "../generated/operations.js";
import { toPulseError, type PulseError } from "./errors.js";
import type { Caller, Whose } from "./kinds.js";
import { Resource } from "./resource.js";
import { Retry } from "./retry.js";
import { analyticsOf, type StateHost } from "./states.js";
import type { Analytics, Release, StatName, WeeklyData } from "./types.js";

/** Analytics as they are shown. */
export interface AnalyticsView {
  /** Nothing while loading, and where the user has none yet. */
  readonly analytics: Analytics | null;
  readonly loading: boolean;
  readonly error: PulseError | null;
}

/** What analytics show before anything is known. */
export const NO_ANALYTICS: AnalyticsView = { analytics: null, loading: true, error: null };

const STATS: Record<StatName, StatEnum> = {
  logsCreated: "LOGS_CREATED", goalsCompleted: "GOALS_COMPLETED", skillsAdded: "SKILLS_ADDED",
};

/** A day's entry to be added. */
export interface NewWeeklyData extends WeeklyData {}

/** The calls that change analytics: each answers with the analytics after it. */
export const analyticsCalls = {
  async get(caller: Caller, whose: Whose): Promise<Analytics | null> {
    const { analytics } = await caller.query(AnalyticsDocument, variables(whose));
    return analytics && analyticsOf(analytics);
  },
  async init(caller: Caller, whose: Whose): Promise<Analytics> {
    return analyticsOf((await caller.mutate(InitAnalyticsDocument, variables(whose))).initAnalytics);
  },
  async hours(caller: Caller, whose: Whose, hours: number): Promise<Analytics> {
    const data = await caller.mutate(UpdateLearningHoursDocument, { ...variables(whose), hours });
    return analyticsOf(data.updateLearningHours);
  },
  async streak(caller: Caller, whose: Whose, currentStreak: number, longestStreak: number): Promise<Analytics> {
    const data = await caller.mutate(UpdateStreakDocument, { ...variables(whose), currentStreak, longestStreak });
    return analyticsOf(data.updateStreak);
  },
  async increment(caller: Caller, whose: Whose, statName: StatName, incrementBy: number): Promise<Analytics> {
    // A name that is none of ours is the server's to refuse.
    const stat = STATS[statName] ?? (statName as StatEnum);
    const data = await caller.mutate(IncrementStatDocument, { ...variables(whose), statName: stat, incrementBy });
    return analyticsOf(data.incrementStat);
  },
  async weekly(caller: Caller, whose: Whose, { date, hoursLogged, logsCount }: NewWeeklyData): Promise<Analytics> {
    const data = await caller.mutate(AddWeeklyDataDocument, { ...variables(whose), date, hoursLogged, logsCount });
    return analyticsOf(data.addWeeklyData);
  },
};

function variables({ userId }: Whose): { userId: string | null } {
  return { userId: userId ?? null };
}

type Change = (analytics: Analytics) => Analytics;

/** One user's analytics: the newest state, with the changes that are under way on top. */
export class AnalyticsResource extends Resource<AnalyticsView> {
  readonly #host: StateHost;
  readonly #whose: Whose;
  readonly #retry: Retry;
  readonly #listeners = new Set<(analytics: Analytics) => void>();
  readonly #changes = new Set<Change>();
  #base: Analytics | null = null;
  /** A state that arrived while changes were under way: it may hold some of them, so it is shown when all are over. */
  #held: Analytics | null = null;
  #loaded = false;
  #error: PulseError | null = null;
  #leave: Release | null = null;
  #reading: Promise<void> | null = null;

  constructor(host: StateHost, whose: Whose) {
    super(NO_ANALYTICS);
    this.#host = host;
    this.#whose = whose;
    this.#retry = new Retry(host.connection);
  }

  protected start(): void {
    void this.reload();
  }

  protected stop(): void {
    this.#leave?.();
    this.#leave = null;
    this.#retry.cancel();
    this.#base = null;
    this.#held = null;
    this.#loaded = false;
    this.#error = null;
    this.cell.set(NO_ANALYTICS);
  }

  /** Hears of each state that arrives from now on. */
  listen(listener: (analytics: Analytics) => void): Release {
    this.#listeners.add(listener);
    const leave = this.subscribe(() => undefined);
    return () => {
      this.#listeners.delete(listener);
      leave();
    };
  }

  /** Reads them again. */
  reload(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** What `refetch` of the hook does: rejects with why it failed. */
  async refetch(): Promise<void> {
    await this.reload();
    if (this.#error) throw this.#error;
  }

  init(): Promise<Analytics> {
    return this.#change((analytics) => analytics, () => analyticsCalls.init(this.#host.caller, this.#whose));
  }

  addHours(hours: number): Promise<Analytics> {
    return this.#change(
      (old) => ({ ...old, totalLearningHours: Math.max(0, exact(old.totalLearningHours + hours)) }),
      () => analyticsCalls.hours(this.#host.caller, this.#whose, hours),
    );
  }

  setStreak(currentStreak: number, longestStreak: number): Promise<Analytics> {
    return this.#change(
      (old) => ({ ...old, currentStreak, longestStreak: Math.max(old.longestStreak, currentStreak, longestStreak) }),
      () => analyticsCalls.streak(this.#host.caller, this.#whose, currentStreak, longestStreak),
    );
  }

  increment(statName: StatName, incrementBy: number): Promise<Analytics> {
    return this.#change(
      (old) => ({ ...old, [statName]: Math.max(0, old[statName] + incrementBy) }),
      () => analyticsCalls.increment(this.#host.caller, this.#whose, statName, incrementBy),
    );
  }

  /** Shown when it is answered: what a day comes to is the server's to say. */
  addDay(day: NewWeeklyData): Promise<Analytics> {
    return this.#change((analytics) => analytics, () => analyticsCalls.weekly(this.#host.caller, this.#whose, day));
  }

  async #read(): Promise<void> {
    this.#retry.cancel();
    const before = this.#base;
    try {
      const { analytics, cursor } = await this.#current();
      if (!this.running) return;
      this.#retry.succeeded();
      this.#error = null;
      this.#loaded = true;
      // What was read is right, also where it is older or gone: the database may be another one. Only what has come
      // since the reading began can be newer.
      if (this.#base === before) this.#base = analytics;
      else if (analytics) this.#newer(analytics);
      this.#leave ??= this.#follow(cursor);
    } catch (thrown) {
      if (!this.running) return;
      this.#error = toPulseError(thrown);
      this.#retry.failed(this.#error, () => void this.reload());
    }
    this.#publish();
  }

  /** The analytics and where to follow them from. */
  async #current(): Promise<{ analytics: Analytics | null; cursor: string }> {
    const { caller } = this.#host;
    const first = await analyticsCalls.get(caller, this.#whose);
    if (first) return { analytics: first, cursor: first.cursor };
    // They have no cursor where there are none: the user's own stands for it. Read before, so that nothing is between.
    const { activities } = await caller.query(HeadDocument, variables(this.#whose));
    return { analytics: await analyticsCalls.get(caller, this.#whose), cursor: activities.cursor };
  }

  #follow(after: string): Release {
    return this.#host.caller.follow(AnalyticsUpdatedDocument, { ...variables(this.#whose), after }, {
      next: ({ analyticsUpdated }) => {
        const analytics = analyticsOf(analyticsUpdated);
        if (this.#changes.size > 0) this.#held = analytics;
        else this.#base = analytics;
        this.#publish();
        for (const listener of [...this.#listeners]) listener(analytics);
      },
      expired: async () => {
        const { analytics, cursor } = await this.#current();
        this.#base = analytics;
        this.#held = null;
        this.#publish();
        return cursor;
      },
      error: (error) => {
        this.#leave = null;
        this.#error = error;
        this.#publish();
      },
    });
  }

  async #change(shown: Change, make: () => Promise<Analytics>): Promise<Analytics> {
    // An object of its own, so that the same change twice is two.
    const change: Change = (analytics) => shown(analytics);
    this.#changes.add(change);
    this.#publish();
    try {
      const answer = await make();
      this.#changes.delete(change);
      if (this.running) this.#newer(answer);
      return answer;
    } catch (thrown) {
      this.#changes.delete(change);
      throw toPulseError(thrown);
    } finally {
      if (this.#changes.size === 0 && this.#held) {
        const held = this.#held;
        this.#held = null;
        this.#newer(held);
      }
      this.#publish();
    }
  }

  /** Takes a state unless a newer one is known. Of the same instant, the one that comes last is right. */
  #newer(analytics: Analytics): void {
    if (this.#base && this.#base.updatedAt > analytics.updatedAt) return;
    this.#base = analytics;
  }

  #publish(): void {
    if (!this.running) return;
    let analytics = this.#base;
    if (analytics) for (const change of this.#changes) analytics = change(analytics);
    const view = { analytics, loading: !this.#loaded && this.#error === null, error: this.#error };
    const before = this.get();
    if (before.analytics === analytics && before.loading === view.loading && before.error === view.error) return;
    this.cell.set(view);
  }
}

/** Without the rounding of binary sums: the server keeps nine decimals. */
function exact(hours: number): number {
  return Number(hours.toFixed(9));
}
