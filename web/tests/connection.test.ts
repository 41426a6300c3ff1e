import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createPulseClient } from "../src/index.js";
import { clientOf, statesOf, until, watch } from "./support/client.js";
import { Proxy } from "./support/proxy.js";
import { PulseServer, someone, token } from "./support/server.js";

let server: PulseServer;
beforeAll(async () => {
  server = await PulseServer.start();
});
afterAll(() => server.close());

const titles = (items: readonly { readonly title: string }[]): string[] => items.map(({ title }) => title);

async function proxyBefore(target: PulseServer): Promise<Proxy> {
  const proxy = await Proxy.before(target.port);
  onTestFinished(() => proxy.close());
  return proxy;
}

describe("a list goes on where it was interrupted", () => {
  test("after kill -9: what was written meanwhile comes once, in order", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const proxy = await proxyBefore(own);
    const user = someone();
    await own.write(user, "before");
    const client = clientOf(own, user, { url: proxy.url, transport: "ws" });
    const states = statesOf(client);
    const list = watch(client.activityList());
    await until(() => expect(titles(list.now.items)).toEqual(["before"]));
    await until(() => expect(states.at(-1)).toBe("live"));
    await own.write(user, "seen");
    await until(() => expect(titles(list.now.items)).toEqual(["seen", "before"]));

    // Nobody gets through while the server is killed, comes back and is written to.
    proxy.upgrades = "refuse";
    await own.kill();
    await own.restart();
    const missed = Array.from({ length: 30 }, (_, index) => `missed ${index}`);
    for (const title of missed) await own.write(user, title);
    expect(titles(list.now.items)).toEqual(["seen", "before"]);
    expect(states.at(-1)).toBe("reconnecting");
    expect(client.connection.get().error?.code).toBe("NETWORK");
    proxy.upgrades = "pass";
    client.retryNow();
    const all = [...missed.toReversed(), "seen", "before"];
    await until(() => expect(titles(list.now.items)).toEqual(all));
    await own.write(user, "live again");
    await until(() => expect(titles(list.now.items)).toEqual(["live again", ...all]));
    expect(states.slice(states.indexOf("live"))).toEqual(["live", "reconnecting", "live"]);
  });

  test("after a server that ends in an orderly way (1012)", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const user = someone();
    const client = clientOf(own, user);
    const states = statesOf(client);
    const list = watch(client.activityList());
    await own.write(user, "first");
    await until(() => expect(titles(list.now.items)).toEqual(["first"]));
    await own.terminate();
    await until(() => expect(states.at(-1)).toBe("reconnecting"));
    await own.restart();
    await own.write(user, "second");
    client.retryNow();
    await until(() => expect(titles(list.now.items)).toEqual(["second", "first"]));
    await until(() => expect(client.connection.get().state).toBe("live"));
  });

  test("after connections that are cut again and again while somebody writes", async () => {
    const proxy = await proxyBefore(server);
    const user = someone();
    const client = clientOf(server, user, { url: proxy.url, transport: "ws" });
    const list = watch(client.activityList());
    await until(() => expect(list.now.loading).toBe(false));
    const written: string[] = [];
    for (let index = 0; index < 40; index += 1) {
      written.unshift(`item ${index}`);
      await server.write(user, `item ${index}`);
      if (index % 8 === 4) {
        proxy.cut();
        client.retryNow();
      }
    }
    await until(() => {
      client.retryNow();
      expect(titles(list.now.items)).toEqual(written);
    });
  });

  test("after a connection that is dead without saying so, as after a sleep", async () => {
    const proxy = await proxyBefore(server);
    const user = someone();
    const client = clientOf(server, user, { url: proxy.url, transport: "ws" });
    const states = statesOf(client);
    const list = watch(client.activityList());
    await until(() => expect(client.connection.get().state).toBe("live"));
    await server.write(user, "awake");
    await until(() => expect(titles(list.now.items)).toEqual(["awake"]));
    proxy.hold();
    await server.write(user, "asleep");
    window.dispatchEvent(new window.Event("online"));
    await until(() => expect(titles(list.now.items)).toEqual(["asleep", "awake"]));
    expect(states.slice(-2)).toEqual(["reconnecting", "live"]);
  });

  test("after the browser was offline", async () => {
    const proxy = await proxyBefore(server);
    const user = someone();
    const client = clientOf(server, user, { url: proxy.url, transport: "ws" });
    const list = watch(client.activityList());
    await until(() => expect(client.connection.get().state).toBe("live"));
    const online = { value: true };
    Object.defineProperty(navigator, "onLine", { get: () => online.value, configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(navigator, "onLine"));

    online.value = false;
    proxy.upgrades = "refuse";
    proxy.cut();
    window.dispatchEvent(new window.Event("offline"));
    await until(() => expect(client.connection.get()).toMatchObject({ state: "offline", transport: null }));
    const { since } = client.connection.get();
    expect(Date.now() - since).toBeLessThan(15_000);
    await server.write(user, "meanwhile");
    online.value = true;
    proxy.upgrades = "pass";
    window.dispatchEvent(new window.Event("online"));
    await until(() => expect(titles(list.now.items)).toEqual(["meanwhile"]));
    expect(client.connection.get().since).toBeGreaterThanOrEqual(since);
  });

  test("a database that was replaced: the list is read anew and goes on", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const user = someone();
    const client = clientOf(own, user);
    const list = watch(client.activityList());
    const filtered = watch(client.activityList({ type: "skill_added" }));
    const analytics = watch(client.analytics());
    await own.write(user, "old");
    await client.analytics().addHours(5);
    await until(() => expect(titles(list.now.items)).toEqual(["old"]));
    await until(() => expect(analytics.now.analytics?.totalLearningHours).toBe(5));
    await own.kill();
    own.forgetDatabase();
    await own.restart();
    await own.write(user, "new", "SKILL_ADDED");
    client.retryNow();
    await until(() => expect(titles(list.now.items)).toEqual(["new"]));
    await until(() => expect(titles(filtered.now.items)).toEqual(["new"]));
    await until(() => expect(analytics.now.analytics).toBeNull());
    await own.write(user, "newer", "SKILL_ADDED");
    await until(() => expect(titles(list.now.items)).toEqual(["newer", "new"]));
    await until(() => expect(titles(filtered.now.items)).toEqual(["newer", "new"]));
    await client.analytics().addHours(1);
    await until(() => expect(analytics.now.analytics?.totalLearningHours).toBe(1));
    expect(list.now.error).toBeNull();
  });
});

describe("tokens", () => {
  test("a token that ends soon is replaced on the open socket", async () => {
    const user = someone();
    const asked: string[] = [];
    const client = clientOf(server, user, {
      getToken: (reason) => {
        asked.push(reason);
        return token(user, { seconds: asked.length === 1 ? 3 : 3600 });
      },
    });
    const states = statesOf(client);
    const list = watch(client.activityList());
    await until(() => expect(client.connection.get().state).toBe("live"));
    const begun = Date.now();
    await until(() => expect(asked).toContain("refresh"));
    // Beyond the end of the first token.
    await until(() => expect(Date.now() - begun).toBeGreaterThan(4_500));
    await server.write(user, "later");
    await until(() => expect(titles(list.now.items)).toEqual(["later"]));
    expect(states.slice(states.indexOf("live"))).toEqual(["live"]);
    expect(asked).toEqual(["connect", "refresh"]);
  });

  test("a token that has ended: the socket is opened again with a fresh one, and nothing is lost", async () => {
    const user = someone();
    const first = token(user, { seconds: 2 });
    let late = false;
    const client = clientOf(server, user, { getToken: () => (late ? token(user) : first) });
    const states = statesOf(client);
    const list = watch(client.activityList());
    await server.write(user, "early");
    await until(() => expect(titles(list.now.items)).toEqual(["early"]));
    await until(() => expect(client.connection.get()).toMatchObject({ error: { code: "UNAUTHENTICATED" } }));
    await server.write(user, "meanwhile");
    late = true;
    client.retryNow();
    await until(() => expect(titles(list.now.items)).toEqual(["meanwhile", "early"]));
    expect(states.slice(-2)).toEqual(["reconnecting", "live"]);
  });

  test("a query whose token is refused is asked once more with a fresh one", async () => {
    const user = someone();
    const asked: string[] = [];
    const client = clientOf(server, user, {
      getToken: (reason) => {
        asked.push(reason);
        return asked.length === 1 ? "Bearer not-a-token" : token(user);
      },
    });
    expect(await client.activities().create({ type: "login", title: "once" })).toMatchObject({ title: "once" });
    expect(asked).toEqual(["connect", "rejected"]);
    const { activities } = await server.ask("query ($u: ID) { activities(userId: $u) { total } }", { u: user });
    expect(activities).toEqual({ total: 1 });
  });

  test("a getToken that fails is told as UNAUTHENTICATED, and asked again", async () => {
    const user = someone();
    let broken = true;
    const client = clientOf(server, user, {
      getToken: () => (broken ? Promise.reject(new Error("signed out")) : Promise.resolve(token(user))),
    });
    const list = watch(client.activityList());
    await until(() => expect(list.now.error).toMatchObject({
      code: "UNAUTHENTICATED", message: "getToken failed: signed out",
    }));
    expect(client.connection.get()).toMatchObject({ state: "connecting", error: { code: "UNAUTHENTICATED" } });
    broken = false;
    client.retryNow();
    await until(() => expect(list.now).toMatchObject({ error: null, loading: false }));
  });

  test("somebody else's feed is FORBIDDEN, and not asked for again and again", async () => {
    const client = clientOf(server, someone());
    const list = watch(client.activityList({ userId: someone() }));
    await until(() => expect(list.now).toMatchObject({ loading: false, error: { code: "FORBIDDEN" } }));
  });
});

describe("event streams", () => {
  test("carry the events where WebSockets are refused, and a WebSocket takes over when it can", async () => {
    const proxy = await proxyBefore(server);
    proxy.upgrades = "refuse";
    const user = someone();
    const client = clientOf(server, user, { url: proxy.url });
    const list = watch(client.activityList());
    await until(() => expect(client.connection.get()).toMatchObject({ state: "live", transport: "sse" }));
    expect(proxy.upgradeRequests).toBe(3);
    await server.write(user, "over a stream");
    await until(() => expect(titles(list.now.items)).toEqual(["over a stream"]));

    proxy.upgrades = "pass";
    const states = statesOf(client);
    await until(() => expect(client.connection.get()).toMatchObject({ state: "live", transport: "ws" }));
    await server.write(user, "over a socket");
    await until(() => expect(titles(list.now.items)).toEqual(["over a socket", "over a stream"]));
    expect(states).toEqual(["live"]);
  });

  test("resume too: after a kill, and after the end of a token", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const user = someone();
    let asked = 0;
    const client = clientOf(own, user, {
      transport: "sse",
      getToken: () => token(user, { seconds: (asked += 1) === 1 ? 3 : 3600 }),
    });
    const list = watch(client.activityList());
    const counts = watch(client.unreadCounts());
    await until(() => expect(client.connection.get()).toMatchObject({ state: "live", transport: "sse" }));
    await own.write(user, "first");
    await until(() => expect(titles(list.now.items)).toEqual(["first"]));
    await until(() => expect(asked).toBeGreaterThan(1));
    await own.write(user, "second");
    await until(() => expect(titles(list.now.items)).toEqual(["second", "first"]));
    await own.kill();
    await own.restart();
    await own.write(user, "third");
    client.retryNow();
    await until(() => expect(titles(list.now.items)).toEqual(["third", "second", "first"]));
    await until(() => expect(counts.now.counts).toEqual({ activities: 3, notifications: 0 }));
  });

  test("are told what is wrong with a request", async () => {
    const client = clientOf(server, someone(), { transport: "sse" });
    const list = watch(client.unreadCounts(someone()));
    await until(() => expect(list.now.error).toMatchObject({ code: "FORBIDDEN" }));
  });
});

describe("what is open", () => {
  test("nothing before it is needed, one operation for all who watch the same, nothing afterwards", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const client = clientOf(own, someone());
    expect(client.connection.get().state).toBe("offline");
    expect(await own.gauge("pulse_open_sockets")).toBe(0);
    const lists = Array.from({ length: 5 }, () => watch(client.activityList()));
    lists.push(watch(client.activityList({ type: "login" })), watch(client.activityList({ unreadOnly: true })));
    await until(() => expect(lists.every(({ now }) => !now.loading)).toBe(true));
    // The activities of the user, and the unread counts.
    await until(async () => expect(await own.gauge("pulse_open_operations")).toBe(2));
    expect(await own.gauge("pulse_open_sockets")).toBe(1);
    for (const list of lists) list.leave();
    await until(async () => expect(await own.gauge("pulse_open_operations")).toBe(0));
    await until(async () => expect(await own.gauge("pulse_open_sockets")).toBe(0));
    expect(client.connection.get().state).toBe("offline");
  });

  test("a client that was disposed of refuses calls, and closes its socket", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const client = clientOf(own, someone());
    const list = watch(client.activityList());
    await until(() => expect(list.now.loading).toBe(false));
    client.dispose();
    await until(async () => expect(await own.gauge("pulse_open_sockets")).toBe(0));
    await expect(client.activities().create({ type: "login", title: "late" })).rejects.toMatchObject({ code: "ABORTED" });
  });

  test("a url that cannot be used is refused at once", () => {
    expect(() => createPulseClient({ url: "ftp://pulse" })).toThrow(/url is 'ftp:\/\/pulse'/);
  });
});
