import { act, render, renderHook, screen, waitFor } from "@testing-library/react";
import { createElement, useEffect, useState, type ReactElement, type ReactNode } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { PulseClient } from "../src/index.js";
import {
  PulseProvider, useActiveUsers, useActivities, useAnalytics, useConnection, useLeaderboard, useNotifications,
  useSocket, useUnreadCounts,
} from "../src/react/index.js";
import { clientOf, until } from "./support/client.js";
import { PulseServer, someone } from "./support/server.js";

let server: PulseServer;
beforeAll(async () => {
  server = await PulseServer.start();
});
afterAll(() => server.close());

/** Waits as `until` does, where React may render meanwhile. */
const shown = (look: () => void | Promise<void>): Promise<void> => waitFor(look, { timeout: 15_000, interval: 10 });
/** Does something while React may render. */
const during = async <T,>(work: () => Promise<T>): Promise<T> => {
  let result!: T;
  await act(async () => {
    result = await work();
  });
  return result;
};
const under = (client: PulseClient) => ({ children }: { children: ReactNode }): ReactElement =>
  createElement(PulseProvider, { client }, children);
const titles = (items: readonly { readonly title: string }[]): string[] => items.map(({ title }) => title);

async function ownServer(): Promise<PulseServer> {
  const own = await PulseServer.start();
  onTestFinished(() => own.close());
  return own;
}

describe("useActivities", () => {
  test("has the guide's fields and more; what is created here and elsewhere arrives once", async () => {
    const user = someone();
    await server.write(user, "before");
    const client = clientOf(server, user);
    const { result } = renderHook(() => useActivities(user), { wrapper: under(client) });
    expect(result.current).toMatchObject({
      activities: [], unreadCount: 0, loading: true, error: null, hasMore: false, isLoadingMore: false,
    });
    await shown(() => expect(titles(result.current.activities)).toEqual(["before"]));
    expect(result.current.loading).toBe(false);
    const { createActivity, markAsRead, markAllAsRead, deleteActivity, loadMore, refetch } = result.current;
    const created = await during(() => createActivity({ type: "login", title: "mine" }));
    await during(() => server.write(user, "elsewhere"));
    await shown(() => expect(titles(result.current.activities)).toEqual(["elsewhere", "mine", "before"]));
    await shown(() => expect(result.current.unreadCount).toBe(3));
    await during(() => markAsRead(created.id));
    await shown(() => expect(result.current.unreadCount).toBe(2));
    expect(result.current.activities[1]).toMatchObject({ id: created.id, read: true });
    expect(await during(() => deleteActivity(created.id))).toMatchObject({ message: "Activity deleted" });
    expect(titles(result.current.activities)).toEqual(["elsewhere", "before"]);
    expect(await during(() => markAllAsRead())).toEqual({ modifiedCount: 2 });
    await shown(() => expect(result.current.unreadCount).toBe(0));
    await during(() => refetch());
    expect(result.current.activities.every(({ read }) => read)).toBe(true);
    // The functions have stayed the same all the time.
    expect(result.current).toMatchObject({
      createActivity, markAsRead, markAllAsRead, deleteActivity, loadMore, refetch,
    });
  });

  test("a creation that is refused is seen and disappears, and its promise says why", async () => {
    const client = clientOf(server, someone());
    const seen: string[][] = [];
    const { result } = renderHook(() => {
      const value = useActivities();
      seen.push(titles(value.activities));
      return value;
    }, { wrapper: under(client) });
    await shown(() => expect(result.current.loading).toBe(false));
    let failure: unknown;
    await during(() => result.current.createActivity({ type: "login", title: "" }).catch((error: unknown) => {
      failure = error;
    }));
    expect(failure).toMatchObject({ name: "PulseError", code: "BAD_USER_INPUT", field: "title" });
    expect(seen).toContainEqual([""]);
    expect(result.current.activities).toEqual([]);
  });

  test("scrolls without an end, by filter, and changes its filter without mixing lists", async () => {
    const user = someone();
    for (let index = 0; index < 9; index += 1) {
      await server.write(user, `${index}`, index % 3 ? "LOGIN" : "SKILL_ADDED");
    }
    const client = clientOf(server, user);
    const { result, rerender } = renderHook(
      ({ type }: { type?: "login" | "skill_added" }) => useActivities({ pageSize: 2, ...(type ? { type } : {}) }),
      { wrapper: under(client), initialProps: {} },
    );
    await shown(() => expect(titles(result.current.activities)).toEqual(["8", "7"]));
    await during(() => result.current.loadMore());
    expect(titles(result.current.activities)).toEqual(["8", "7", "6", "5"]);
    rerender({ type: "skill_added" });
    expect(result.current).toMatchObject({ activities: [], loading: true });
    await shown(() => expect(titles(result.current.activities)).toEqual(["6", "3"]));
    expect(result.current.hasMore).toBe(true);
    await during(() => result.current.loadMore());
    expect(result.current).toMatchObject({ hasMore: false, isLoadingMore: false });
    expect(titles(result.current.activities)).toEqual(["6", "3", "0"]);
  });

  test("does nothing while it is not enabled", async () => {
    const own = await ownServer();
    const client = clientOf(own, someone());
    const { result, rerender } = renderHook(
      ({ enabled }) => useActivities({ enabled }), { wrapper: under(client), initialProps: { enabled: false } },
    );
    expect(result.current).toMatchObject({ activities: [], loading: false });
    expect(await own.gauge("pulse_open_sockets")).toBe(0);
    rerender({ enabled: true });
    expect(result.current.loading).toBe(true);
    await shown(() => expect(result.current.loading).toBe(false));
  });

  test("shows why it cannot read while the server is away, and heals by itself", async () => {
    const own = await ownServer();
    await own.kill();
    const client = clientOf(own, someone());
    const { result } = renderHook(
      () => ({ list: useActivities(), connection: useConnection() }), { wrapper: under(client) },
    );
    await shown(() => expect(result.current.list).toMatchObject({ loading: false, error: { code: "NETWORK" } }));
    expect(result.current.connection.state).toBe("connecting");
    await during(() => own.restart());
    act(() => result.current.connection.retryNow());
    await shown(() => expect(result.current.connection.state).toBe("live"));
    await shown(() => expect(result.current.list.error).toBeNull());
  });
});

describe("useNotifications", () => {
  test("has the guide's fields and more; the badge of another window falls too", async () => {
    const user = someone();
    const [here, there] = [clientOf(server, user), clientOf(server, user)];
    const list = renderHook(() => useNotifications(), { wrapper: under(here) });
    const badge = renderHook(() => useUnreadCounts(), { wrapper: under(there) });
    expect(badge.result.current).toMatchObject({ loading: true, total: 0 });
    await during(() => server.notify(user, "one", { actionUrl: "/goals" }));
    await during(() => server.notify(user, "two"));
    await shown(() => expect(titles(list.result.current.notifications)).toEqual(["two", "one"]));
    await shown(() => expect(badge.result.current).toMatchObject({ notifications: 2, activities: 0, total: 2 }));
    expect(list.result.current.notifications[1]).toMatchObject({ actionUrl: "/goals", message: "about one" });
    await during(() => list.result.current.markAsRead(list.result.current.notifications[0]?.id ?? ""));
    await shown(() => expect(badge.result.current.total).toBe(1));
    await during(() => list.result.current.createNotification({ type: "reminder", title: "own", message: "m" }));
    await shown(() => expect(titles(list.result.current.notifications)).toEqual(["own", "two", "one"]));
    await during(() => list.result.current.deleteNotification(list.result.current.notifications[0]?.id ?? ""));
    expect(await during(() => list.result.current.markAllAsRead())).toEqual({ modifiedCount: 1 });
    await shown(() => expect(badge.result.current.total).toBe(0));
    expect(await during(() => list.result.current.clearAll())).toEqual({ deletedCount: 2 });
    expect(list.result.current.notifications).toEqual([]);
  });
});

describe("the other hooks", () => {
  test("useAnalytics: null, then numbers that change at once and are taken back where they are refused", async () => {
    const client = clientOf(server, someone());
    const { result } = renderHook(() => useAnalytics(), { wrapper: under(client) });
    await shown(() => expect(result.current).toMatchObject({ analytics: null, loading: false }));
    await during(() => result.current.initAnalytics());
    expect(result.current.analytics).toMatchObject({ totalLearningHours: 0, currentStreak: 0 });
    await during(() => result.current.updateLearningHours(1.5));
    await during(() => result.current.updateStreak(3, 4));
    await during(() => result.current.incrementStat("goalsCompleted"));
    await during(() => result.current.addWeeklyData("2026-02-01", 2, 1));
    await during(() => result.current.addWeeklyData({ date: "2026-02-02", hoursLogged: 1, logsCount: 0 }));
    expect(result.current.analytics).toMatchObject({
      totalLearningHours: 1.5, currentStreak: 3, longestStreak: 4, goalsCompleted: 1,
      monthlyData: [{ month: "2026-02", hoursLogged: 3, logsCount: 1 }],
    });
    let failure: unknown;
    await during(() => result.current.updateLearningHours(0).catch((error: unknown) => {
      failure = error;
    }));
    expect(failure).toMatchObject({ code: "BAD_USER_INPUT", field: "hours" });
    expect(result.current.analytics?.totalLearningHours).toBe(1.5);
  });

  test("useLeaderboard: most hours first, page by page", async () => {
    const own = await ownServer();
    const users = ["ada", "bob", "cyd"];
    for (const [index, userId] of users.entries()) {
      await own.ask("mutation ($u: ID, $h: Float!) { updateLearningHours(userId: $u, hours: $h) { userId } }", {
        u: userId, h: index + 1,
      });
    }
    const client = clientOf(own, "ada");
    const { result } = renderHook(() => useLeaderboard({ pageSize: 2 }), { wrapper: under(client) });
    const ranks = (): string[] => result.current.leaderboard.map(({ userId }) => userId);
    await shown(() => expect(ranks()).toEqual(["cyd", "bob"]));
    expect(result.current).toMatchObject({ total: 3, hasMore: true });
    await during(() => result.current.loadMore());
    expect(ranks()).toEqual(["cyd", "bob", "ada"]);
    await during(() => client.analytics().addHours(10));
    await during(() => result.current.refetch());
    expect(ranks()).toEqual(["ada", "cyd", "bob"]);
  });

  test("useActiveUsers counts users, not windows; useConnection says since when", async () => {
    const own = await ownServer();
    const [ada, again, bob] = [clientOf(own, "ada"), clientOf(own, "ada"), clientOf(own, "bob")];
    const before = Date.now();
    const { result } = renderHook(
      () => ({ users: useActiveUsers(), connection: useConnection() }), { wrapper: under(ada) },
    );
    await shown(() => expect(result.current.users.activeUsers).toBe(1));
    expect(result.current.connection).toMatchObject({ state: "live", transport: "ws", error: null });
    expect(result.current.connection.since).toBeGreaterThanOrEqual(before);
    const leave = [again.holdConnection(), bob.holdConnection()];
    await shown(() => expect(result.current.users.activeUsers).toBe(2));
    for (const release of leave) release();
    await shown(() => expect(result.current.users.activeUsers).toBe(1));
    await during(() => own.kill());
    await shown(() => expect(result.current.connection.state).toBe("reconnecting"));
  });

  test("useSocket: the old events, with listeners of effects", async () => {
    const user = someone();
    const client = clientOf(server, user);
    const { result } = renderHook(() => {
      const [arrived, setArrived] = useState<string[]>([]);
      const { on, off, isConnected, emit } = useSocket();
      useEffect(() => {
        const listener = ({ title }: { title: string }): void => setArrived((before) => [...before, title]);
        on("activity:created", listener);
        return () => void off("activity:created", listener);
      }, [on, off]);
      return { arrived, isConnected, emit };
    }, { wrapper: under(client) });
    expect(result.current.isConnected).toBe(false);
    await shown(() => expect(result.current.isConnected).toBe(true));
    await shown(async () => expect(await server.gauge("pulse_open_operations")).toBeGreaterThan(0));
    await during(() => server.write(user, "one"));
    act(() => void result.current.emit("activity:create", { type: "login", title: "two" }));
    await shown(() => expect(result.current.arrived).toEqual(["one", "two"]));
  });

  test("say so where there is no provider", () => {
    let message = "";
    try {
      renderToString(createElement(() => {
        useActivities();
        return null;
      }));
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("<PulseProvider client={...}>");
  });
});

describe("components", () => {
  function Feed(): ReactElement {
    const { activities, unreadCount } = useActivities();
    return createElement("p", null, `${unreadCount} of ${activities.length}`);
  }
  function Bell(): ReactElement {
    const { notifications } = useNotifications();
    return createElement("b", null, `${notifications.length} messages`);
  }

  test("many of them share one operation for each thing, and leave none behind", async () => {
    const own = await ownServer();
    const user = someone();
    const client = clientOf(own, user);
    const pair = (_: unknown, key: number): ReactElement =>
      createElement("div", { key }, createElement(Feed), createElement(Bell));
    const app = (count: number): ReactElement =>
      createElement(PulseProvider, { client }, ...Array.from({ length: count }, pair));
    const { rerender, unmount } = render(app(6));
    await shown(() => expect(screen.getAllByText("0 of 0")).toHaveLength(6));
    // Activities, notifications, unread counts.
    await shown(async () => expect(await own.gauge("pulse_open_operations")).toBe(3));
    await during(() => own.write(user, "one"));
    await shown(() => expect(screen.getAllByText("1 of 1")).toHaveLength(6));
    rerender(app(1));
    await during(() => own.write(user, "two"));
    await shown(() => expect(screen.getAllByText("2 of 2")).toHaveLength(1));
    expect(await own.gauge("pulse_open_operations")).toBe(3);
    unmount();
    await until(async () => expect(await own.gauge("pulse_open_operations")).toBe(0));
    await until(async () => expect(await own.gauge("pulse_open_sockets")).toBe(0));
  });

  test("under StrictMode, and when they come back at once, they are the same subscribers", async () => {
    const own = await ownServer();
    const client = clientOf(own, someone());
    let requests = 0;
    const counting = clientOf(own, someone(), {
      fetch: (input, init) => {
        requests += 1;
        return fetch(input, init);
      },
    });
    const app = (who: PulseClient): ReactElement => createElement(PulseProvider, { client: who }, createElement(Feed));
    const first = render(app(counting));
    await shown(() => expect(screen.getByText("0 of 0")).toBeTruthy());
    await shown(async () => expect(await own.gauge("pulse_open_operations")).toBe(2));
    const asked = requests;
    expect(asked).toBe(1);
    first.unmount();
    // Gone for a moment only: time enough for the server to hear of it.
    for (let trip = 0; trip < 5; trip += 1) expect(await own.gauge("pulse_open_operations")).toBe(2);
    const second = render(app(counting));
    expect(screen.getByText("0 of 0")).toBeTruthy();
    await shown(async () => expect(await own.gauge("pulse_open_operations")).toBe(2));
    expect(requests).toBe(asked);
    second.rerender(app(client));
    await until(async () => expect(await own.gauge("pulse_open_sockets")).toBe(1));
  });

  test("are rendered by a server as loading, and open nothing there", async () => {
    const own = await ownServer();
    const client = clientOf(own, someone());
    const html = renderToString(createElement(PulseProvider, { client }, createElement(Feed), createElement(Bell)));
    expect(html).toContain("0 of 0");
    expect(client.connection.get().state).toBe("offline");
    expect(await own.gauge("pulse_open_sockets")).toBe(0);
  });

  test("follow another user when the client changes", async () => {
    const [ada, bob] = [someone(), someone()];
    await server.write(ada, "ada's");
    const app = (client: PulseClient): ReactElement => createElement(PulseProvider, { client }, createElement(Feed));
    const { rerender } = render(app(clientOf(server, ada)));
    await shown(() => expect(screen.getByText("1 of 1")).toBeTruthy());
    rerender(app(clientOf(server, bob)));
    await shown(() => expect(screen.getByText("0 of 0")).toBeTruthy());
  });
});
