import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { clientOf, until, watch } from "./support/client.js";
import { PulseServer, someone, token } from "./support/server.js";

let server: PulseServer;
beforeAll(async () => {
  server = await PulseServer.start();
});
afterAll(() => server.close());

/** The answer to a first page of notifications. */
interface FirstPage {
  readonly data: { readonly notifications: { readonly notifications: { readonly id: string }[] } };
}

const titles = (items: readonly { readonly title: string }[]): string[] => items.map(({ title }) => title);

/** Who waits for `passed` goes on when it has been opened. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

test("reading and deleting in one window reaches the other: the count at once, the items after it", async () => {
  const user = someone();
  for (const title of ["one", "two", "three", "four"]) await server.notify(user, title);
  const [here, there] = [clientOf(server, user), clientOf(server, user)];
  const [mine, theirs] = [watch(here.notificationList()), watch(there.notificationList())];
  const badge = watch(there.unreadCounts());
  await until(() => expect(mine.now.items).toHaveLength(4));
  await until(() => expect(theirs.now.items).toHaveLength(4));
  const [four, three] = mine.now.items;
  await here.notifications().markRead(four?.id ?? "");
  await until(() => expect(badge.now.counts).toEqual({ activities: 0, notifications: 3 }));
  await until(() => expect(theirs.now.items[0]).toMatchObject({ title: "four", read: true }));
  await here.notifications().remove(three?.id ?? "");
  await until(() => expect(titles(theirs.now.items)).toEqual(["four", "two", "one"]));
  expect(await here.notifications().markAllRead()).toBe(2);
  await until(() => expect(theirs.now).toMatchObject({ unreadCount: 0 }));
  await until(() => expect(theirs.now.items.every(({ read }) => read)).toBe(true));
  expect(await here.notifications().clear()).toBe(3);
  expect(mine.now.items).toEqual([]);
  await there.notificationList().refetch();
  expect(theirs.now.items).toEqual([]);
});

test("what is read elsewhere before the first counts come is seen too, whichever comes first", async () => {
  for (const countsFirst of [false, true]) {
    const user = someone();
    for (const title of ["one", "two"]) await server.notify(user, title);
    const elsewhere = clientOf(server, user).notifications();
    const [changed, opened] = [gate(), gate()];
    // The server is asked for the first page before the other window's change, and for the counts after it.
    let handed = false;
    const client = clientOf(server, user, {
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        if (handed || !String(init?.body).includes("query Notifications(")) return answer;
        handed = true;
        const [, one] = (await answer.clone().json() as FirstPage).data.notifications.notifications;
        await elsewhere.markRead(one?.id ?? "");
        changed.open();
        if (countsFirst) await opened.passed;
        return answer;
      },
      webSocketImpl: class extends WebSocket {
        override send(data: string): void {
          void (countsFirst ? changed : opened).passed.then(() => super.send(data));
        }
      },
    });
    const list = watch(client.notificationList());
    const badge = watch(client.unreadCounts());
    await until(() => {
      if (countsFirst) expect(badge.now.counts?.notifications).toBe(1);
      else expect(list.now.items.map(({ read }) => read)).toEqual([false, false]);
    });
    opened.open();
    await until(() => expect(list.now.items.map(({ read }) => read)).toEqual([false, true]));
    expect(list.now.unreadCount).toBe(1);
  }
});

test("another window's client reads and changes with its own token only", async () => {
  const user = someone();
  const other = someone();
  const id = await server.write(user, "theirs");
  const stranger = clientOf(server, other);
  await expect(stranger.activities().markRead(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  const service = clientOf(server, user, { getToken: () => token("service", { role: "service" }) });
  expect(await service.activities().markRead(id)).toMatchObject({ read: true });
});
