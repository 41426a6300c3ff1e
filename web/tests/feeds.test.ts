import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { LIST_LIMIT, type Activity } from "../src/index.js";
import { clientOf, until, watch } from "./support/client.js";
import { Proxy } from "./support/proxy.js";
import { PulseServer, someone } from "./support/server.js";

let server: PulseServer;
beforeAll(async () => {
  server = await PulseServer.start();
});
afterAll(() => server.close());

const titles = (items: readonly { readonly title: string }[]): string[] => items.map(({ title }) => title);

/** The titles of a feed as the server has them, newest first. */
async function stored(userId: string): Promise<string[]> {
  const { activities } = await server.ask(
    "query ($userId: ID) { activities(userId: $userId, limit: 200) { activities { title } } }", { userId },
  );
  return titles((activities as { activities: { title: string }[] }).activities);
}

describe("pages and live items", () => {
  test("are one list without gaps and doubles, while items arrive between the pages", async () => {
    const user = someone();
    for (let index = 0; index < 55; index += 1) await server.write(user, `item ${index}`);
    const client = clientOf(server, user);
    const list = watch(client.activityList({ pageSize: 10 }));
    await until(() => expect(list.now.items).toHaveLength(10));
    expect(list.now).toMatchObject({ hasMore: true, loading: false, isLoadingMore: false });
    let live = 0;
    while (list.now.hasMore) {
      const [, , page] = await Promise.all([
        server.write(user, `live ${(live += 1)}`), server.write(user, `live ${(live += 1)}`),
        client.activityList({ pageSize: 10 }).loadMore(),
      ]);
      expect(page).toBeUndefined();
    }
    const expected = await stored(user);
    expect(expected).toHaveLength(55 + live);
    await until(() => expect(titles(list.now.items)).toEqual(expected));
    await until(() => expect(list.now.unreadCount).toBe(55 + live));
    // Asked twice at once is one page.
    expect(list.views.some(({ isLoadingMore }) => isLoadingMore)).toBe(true);
  });

  test("by type and unread only: each list shows what fits", async () => {
    const user = someone();
    for (let index = 0; index < 12; index += 1) {
      await server.write(user, `item ${index}`, index % 2 === 0 ? "GOAL_COMPLETED" : "LOGIN");
    }
    const client = clientOf(server, user);
    const goals = watch(client.activityList({ type: "goal_completed", pageSize: 3 }));
    const unread = watch(client.activityList({ unreadOnly: true, pageSize: 4 }));
    await until(() => expect(titles(goals.now.items)).toEqual(["item 10", "item 8", "item 6"]));
    await until(() => expect(unread.now.items).toHaveLength(4));
    await client.activityList({ type: "goal_completed", pageSize: 3 }).loadMore();
    expect(titles(goals.now.items)).toEqual(["item 10", "item 8", "item 6", "item 4", "item 2", "item 0"]);
    await server.write(user, "a login", "LOGIN");
    await server.write(user, "a goal", "GOAL_COMPLETED");
    await until(() => expect(titles(goals.now.items)[0]).toBe("a goal"));
    await until(() => expect(titles(unread.now.items).slice(0, 3)).toEqual(["a goal", "a login", "item 11"]));
    const [first] = unread.now.items;
    await client.activities().markRead(first?.id ?? "");
    expect(titles(unread.now.items)[0]).toBe("a login");
    expect(goals.now.items[0]).toMatchObject({ title: "a goal", read: true });
  });

  test("an item that was read before its event comes is there once", async () => {
    const proxy = await Proxy.before(server.port);
    onTestFinished(() => proxy.close());
    const user = someone();
    const client = clientOf(server, user, { transport: "ws", socketUrl: proxy.url.replace("http", "ws") });
    const list = watch(client.activityList());
    await until(() => expect(client.connection.get().state).toBe("live"));
    await server.write(user, "before");
    await until(() => expect(titles(list.now.items)).toEqual(["before"]));
    proxy.upgrades = "refuse";
    proxy.cut();
    await server.write(user, "read first");
    await client.activityList().refetch();
    expect(titles(list.now.items)).toEqual(["read first", "before"]);
    proxy.upgrades = "pass";
    client.retryNow();
    await server.write(user, "after");
    await until(() => expect(titles(list.now.items)).toEqual(["after", "read first", "before"]));
  });

  test("events that come after a page that is ahead of them are not taken for newer", async () => {
    const proxy = await Proxy.before(server.port);
    onTestFinished(() => proxy.close());
    const user = someone();
    const client = clientOf(server, user, { transport: "ws", socketUrl: proxy.url.replace("http", "ws") });
    const list = client.activityList({ pageSize: 3 });
    const shown = watch(list);
    await until(() => expect(client.connection.get().state).toBe("live"));
    await server.write(user, "before");
    await until(() => expect(titles(shown.now.items)).toEqual(["before"]));
    proxy.upgrades = "refuse";
    proxy.cut();
    for (let index = 0; index < 6; index += 1) await server.write(user, `missed ${index}`);
    await list.refetch();
    const page = ["missed 5", "missed 4", "missed 3"];
    expect(titles(shown.now.items)).toEqual(page);
    proxy.upgrades = "pass";
    client.retryNow();
    await server.write(user, "after");
    await until(() => expect(titles(shown.now.items)).toEqual(["after", ...page]));
    expect(shown.now.hasMore).toBe(true);
    await list.loadMore();
    await list.loadMore();
    expect(titles(shown.now.items)).toEqual(["after", ...page, "missed 2", "missed 1", "missed 0", "before"]);
  });

  test("a new item is shown where all that was shown is deleted and older items follow", async () => {
    const user = someone();
    for (const title of ["one", "two", "three"]) await server.write(user, title);
    const client = clientOf(server, user, { transport: "ws" });
    const list = watch(client.activityList({ pageSize: 2 }));
    await until(() => expect(titles(list.now.items)).toEqual(["three", "two"]));
    await until(() => expect(client.connection.get().state).toBe("live"));
    for (const { id } of list.now.items) await client.activities().remove(id);
    expect(list.now).toMatchObject({ items: [], hasMore: true });
    await server.write(user, "new");
    await until(() => expect(titles(list.now.items)[0]).toBe("new"));
  });

  test("an item whose event comes while a page is on its way is not lost by the page", async () => {
    const user = someone();
    const held: { answer: () => Promise<unknown> } = { answer: () => Promise.resolve() };
    const client = clientOf(server, user, {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        await held.answer();
        return response;
      },
    });
    const list = watch(client.activityList());
    await server.write(user, "before");
    await until(() => expect(titles(list.now.items)).toEqual(["before"]));
    held.answer = async () => {
      await server.write(user, "meanwhile");
      await until(() => expect(titles(list.now.items)[0]).toBe("meanwhile"));
    };
    await client.activityList().refetch();
    expect(titles(list.now.items)).toEqual(["meanwhile", "before"]);
  });

  test("a list that grows live is bounded, and what was left out can be read", async () => {
    const user = someone();
    const client = clientOf(server, user);
    const list = watch(client.activityList());
    await until(() => expect(list.now.loading).toBe(false));
    const count = LIST_LIMIT + 50;
    for (let begun = 0; begun < count; begun += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => server.write(user, `item ${begun + index}`)));
    }
    const [newest] = await stored(user);
    await until(() => expect(list.now.items[0]?.title).toBe(newest));
    expect(list.now.items).toHaveLength(LIST_LIMIT);
    expect(list.now.hasMore).toBe(true);
    while (list.now.hasMore) await client.activityList().loadMore();
    expect(new Set(list.now.items.map(({ id }) => id)).size).toBe(count);
  });

  test("notifications that expire leave the list and the count at that instant", async () => {
    const user = someone();
    const client = clientOf(server, user);
    const list = watch(client.notificationList());
    await server.notify(user, "lasting");
    await server.notify(user, "brief", { expiresAt: new Date(Date.now() + 1_500).toISOString() });
    await until(() => expect(titles(list.now.items)).toEqual(["brief", "lasting"]));
    await until(() => expect(titles(list.now.items)).toEqual(["lasting"]));
    await until(() => expect(list.now.unreadCount).toBe(1));
  });

  test("a notification that was read changes no count when it expires, and leaves the list all the same", async () => {
    const user = someone();
    const client = clientOf(server, user);
    const list = watch(client.notificationList());
    await server.notify(user, "lasting");
    const id = await server.notify(user, "brief", { expiresAt: new Date(Date.now() + 1_000).toISOString() });
    await client.notifications().markRead(id);
    await until(() => expect(list.now).toMatchObject({ unreadCount: 1, items: [{ read: true }, { read: false }] }));
    await until(() => expect(titles(list.now.items)).toEqual(["lasting"]));
  });
});

describe("changes", () => {
  test("an activity is shown at once, then as the server has it, and never twice", async () => {
    const user = someone();
    const client = clientOf(server, user);
    const list = watch(client.activityList());
    await until(() => expect(list.now.loading).toBe(false));
    const creating = client.activities().create({ type: "log_created", title: "mine", data: { minutes: 5 } });
    expect(list.now.items).toMatchObject([{ title: "mine", pending: true, type: "log_created", userId: user }]);
    const created = await creating;
    expect(created).toMatchObject({ title: "mine", data: { minutes: 5 } });
    expect(created._id).toBe(created.id);
    await until(() => expect(list.now.unreadCount).toBe(1));
    await until(() => expect(list.now.items).toEqual([created]));
    for (const { items } of list.views) expect(items.length).toBeLessThanOrEqual(1);
  });

  test("an activity whose event comes before its answer is never shown beside its draft", async () => {
    const user = someone();
    const arrived: { wait: () => Promise<unknown> } = { wait: () => Promise.resolve() };
    const client = clientOf(server, user, {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        await arrived.wait();
        return response;
      },
    });
    const list = watch(client.activityList());
    await until(() => expect(list.now.loading).toBe(false));
    arrived.wait = () => until(() => expect(list.now.items[0]?.cursor).toBeTruthy());
    const created = await client.activities().create({ type: "login", title: "slow answer" });
    for (const { items } of list.views) expect(items.length).toBeLessThanOrEqual(1);
    expect(list.now.items).toEqual([created]);
    // One of the same content, of another window: both are there in the end.
    arrived.wait = () => until(async () => {
      if ((await stored(user)).length < 3) await server.write(user, "slow answer");
      expect(list.now.items.filter(({ cursor }) => cursor !== "")).toHaveLength(3);
    });
    await client.activities().create({ type: "login", title: "slow answer" });
    await until(() => expect(new Set(list.now.items.map(({ id }) => id)).size).toBe(3));
    expect(list.now.items).toHaveLength(3);
    expect(list.now.items.some(({ pending }) => pending)).toBe(false);
  });

  test("many that are created at once, of two windows, are in both in the server's order, each once", async () => {
    const user = someone();
    const [one, other] = [clientOf(server, user), clientOf(server, user)];
    const lists = [watch(one.activityList({ pageSize: 100 })), watch(other.activityList({ pageSize: 100 }))];
    await until(() => expect(lists.every(({ now }) => !now.loading)).toBe(true));
    await Promise.all(Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? one : other).activities().create({ type: "login", title: `same ${index % 5}` })));
    const expected = await stored(user);
    expect(expected).toHaveLength(40);
    for (const list of lists) {
      await until(() => expect(titles(list.now.items)).toEqual(expected));
      for (const { items } of list.views) expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    }
  });

  test("what the server refuses is taken back, with the reason", async () => {
    const user = someone();
    const client = clientOf(server, user);
    const list = watch(client.activityList());
    await server.write(user, "kept");
    await until(() => expect(titles(list.now.items)).toEqual(["kept"]));
    const refused = client.activities().create({ type: "login", title: "x".repeat(201) });
    expect(list.now.items).toHaveLength(2);
    await expect(refused).rejects.toMatchObject({
      name: "PulseError", code: "BAD_USER_INPUT", field: "title", message: expect.stringContaining("200"),
    });
    expect(titles(list.now.items)).toEqual(["kept"]);
    await expect(client.activities().remove("0".repeat(24))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.activities().markRead("0".repeat(24))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(list.now.items).toMatchObject([{ title: "kept", read: false }]);
  });

  test("what cannot be sent is taken back: marking, deleting, clearing", async () => {
    const proxy = await Proxy.before(server.port);
    onTestFinished(() => proxy.close());
    let reachable = true;
    const user = someone();
    for (const title of ["one", "two"]) await server.notify(user, title);
    const client = clientOf(server, user, {
      fetch: (input, init) => (reachable ? fetch(input, init) : Promise.reject(new TypeError("no route"))),
    });
    const list = watch(client.notificationList());
    await until(() => expect(list.now.items).toHaveLength(2));
    reachable = false;
    const [first] = list.now.items;
    const feed = client.notifications();
    for (const [call, shown] of [
      [() => feed.markRead(first?.id ?? ""), (): unknown => list.now.items[0]?.read],
      [() => feed.markAllRead(), (): unknown => list.now.items.every(({ read }) => read)],
      [() => feed.remove(first?.id ?? ""), (): unknown => list.now.items.length === 1],
      [() => feed.clear(), (): unknown => list.now.items.length === 0],
    ] as const) {
      const calling = call();
      expect(shown()).toBe(true);
      await expect(calling).rejects.toMatchObject({ code: "NETWORK" });
      expect(list.now.items).toMatchObject([{ title: "two", read: false }, { title: "one", read: false }]);
    }
    expect(list.now.unreadCount).toBe(2);
  });
});

describe("analytics", () => {
  test("follow from nothing to their first state, and every change after it", async () => {
    const user = someone();
    const [here, there] = [clientOf(server, user), clientOf(server, user)];
    const view = watch(there.analytics());
    await until(() => expect(view.now).toEqual({ analytics: null, loading: false, error: null }));
    await here.analytics().addHours(0.1);
    await here.analytics().addHours(0.2);
    await until(() => expect(view.now.analytics?.totalLearningHours).toBe(0.3));
    await here.analytics().addDay({ date: "2026-01-31", hoursLogged: 2, logsCount: 1 });
    await until(() => expect(view.now.analytics?.weeklyData).toEqual([
      { date: "2026-01-31", hoursLogged: 2, logsCount: 1 },
    ]));
  });

  test("what is read again is right, also where it is less than before", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const proxy = await Proxy.before(own.port);
    onTestFinished(() => proxy.close());
    proxy.upgrades = "refuse";
    const client = clientOf(own, someone(), { transport: "ws", socketUrl: proxy.url.replace("http", "ws") });
    const view = watch(client.analytics());
    await until(() => expect(view.now.loading).toBe(false));
    await client.analytics().addHours(5);
    expect(view.now.analytics?.totalLearningHours).toBe(5);
    await own.kill();
    own.forgetDatabase();
    await own.restart();
    await client.analytics().refetch();
    expect(view.now.analytics).toBeNull();
  });

  test("a change whose event comes before its answer is not counted twice", async () => {
    const user = someone();
    const held: { answer: () => Promise<unknown> } = { answer: () => Promise.resolve() };
    const client = clientOf(server, user, {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        await held.answer();
        return response;
      },
    });
    await client.analytics().init();
    const view = watch(client.analytics());
    const heard: number[] = [];
    onTestFinished(client.analytics().listen(({ skillsAdded }) => heard.push(skillsAdded)));
    await until(() => expect(client.connection.get().state).toBe("live"));
    await until(() => expect(view.now.loading).toBe(false));
    held.answer = () => until(() => expect(heard).toContain(1));
    await client.analytics().increment("skillsAdded", 1);
    expect(view.now.analytics?.skillsAdded).toBe(1);
    expect(new Set(view.views.map(({ analytics }) => analytics?.skillsAdded ?? 0))).toEqual(new Set([0, 1]));
  });

  test("changes are shown at once, never counted twice, and taken back where they are refused", async () => {
    const user = someone();
    const client = clientOf(server, user);
    await client.analytics().init();
    const view = watch(client.analytics());
    await until(() => expect(view.now.analytics).not.toBeNull());
    const changes = Array.from({ length: 20 }, () => client.analytics().increment("logsCreated", 1));
    expect(view.now.analytics?.logsCreated).toBe(20);
    await Promise.all(changes);
    await until(() => expect(view.now.analytics?.logsCreated).toBe(20));
    const refused = client.analytics().addHours(0);
    await expect(refused).rejects.toMatchObject({ code: "BAD_USER_INPUT", field: "hours" });
    const streak = client.analytics().setStreak(-1, 0);
    expect(view.now.analytics?.currentStreak).toBe(-1);
    await expect(streak).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    expect(view.now.analytics).toMatchObject({ currentStreak: 0, totalLearningHours: 0, logsCreated: 20 });
  });
});

test("a document of one's own resumes like the library's", async () => {
  const user = someone();
  const client = clientOf(server, user);
  const arrived: Activity["title"][] = [];
  const { data } = await client.urql
    .query("query { activities(limit: 1) { cursor } }", {}).toPromise() as { data: { activities: { cursor: string } } };
  const { unsubscribe } = client.urql.subscription(
    "subscription ($after: String) { activityCreated(after: $after) { title cursor } }",
    { after: data.activities.cursor },
  ).subscribe((result: { data?: { activityCreated: { title: string } } }) => {
    if (result.data) arrived.push(result.data.activityCreated.title);
  });
  onTestFinished(unsubscribe);
  await server.write(user, "one");
  await server.write(user, "two");
  await until(() => expect(arrived).toEqual(["one", "two"]));
});
