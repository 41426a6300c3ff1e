import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createPulseClient } from "../src/index.js";
import { clientOf, statesOf, until, watch } from "./support/client.js";
import { Proxy } from "./support/proxy.js";
import { PulseServer, someone } from "./support/server.js";

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
    const list = watch(client.activityList({ pageSize: 50 }));
    await until(() => expect(titles(list.now.items)).toEqual(["before"]));
    await until(() => expect(states.at(-1)).toBe("live"));
    await own.write(user, "seen");
    await until(() => expect(titles(list.now.items)).toEqual(["seen", "before"]));

    // Nobody gets through while the server is killed, comes back and is written to: neither the socket nor a read.
    proxy.open = false;
    await own.kill();
    await own.restart();
    const missed = Array.from({ length: 30 }, (_, index) => `missed ${index}`);
    for (const title of missed) await own.write(user, title);
    expect(titles(list.now.items)).toEqual(["seen", "before"]);
    expect(states.at(-1)).toBe("reconnecting");
    expect(client.connection.get().error?.code).toBe("NETWORK");
    proxy.open = true;
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
    const late = client.activities().create({ type: "login", title: "late" });
    await expect(late).rejects.toMatchObject({ code: "ABORTED" });
  });

  test("a url that cannot be used is refused at once", () => {
    expect(() => createPulseClient({ url: "ftp://pulse" })).toThrow(/url is 'ftp:\/\/pulse'/);
  });
});
