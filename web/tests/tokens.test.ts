import { afterAll, beforeAll, expect, test } from "vitest";
import { clientOf, statesOf, until, watch } from "./support/client.js";
import { PulseServer, someone, token } from "./support/server.js";

let server: PulseServer;
beforeAll(async () => {
  server = await PulseServer.start();
});
afterAll(() => server.close());

const titles = (items: readonly { readonly title: string }[]): string[] => items.map(({ title }) => title);

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
  const asked: string[] = [];
  const client = clientOf(server, user, {
    getToken: (reason) => {
      asked.push(reason);
      return late ? token(user) : first;
    },
  });
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
  expect(asked[0]).toBe("connect");
  expect(asked.at(-1)).toBe("rejected");
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
