import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { clientOf, statesOf, until, watch } from "./support/client.js";
import { Proxy } from "./support/proxy.js";
import { PulseServer, someone, token } from "./support/server.js";

let server: PulseServer;
beforeAll(async () => {
  server = await PulseServer.start();
});
afterAll(() => server.close());

const titles = (items: readonly { readonly title: string }[]): string[] => items.map(({ title }) => title);

test("carry the events where WebSockets are refused, and a WebSocket takes over when it can", async () => {
  const proxy = await Proxy.before(server.port);
  onTestFinished(() => proxy.close());
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
