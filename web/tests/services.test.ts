import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import {
  activityService, analyticsService, createServices, createSocketService, notificationService, setPulseClient,
  socketService, type PulseSocket, type SocketEvents, type SocketService,
} from "../src/index.js";
import { clientOf, until, watch } from "./support/client.js";
import { PulseServer, someone, token } from "./support/server.js";

let server: PulseServer;
beforeAll(async () => {
  server = await PulseServer.start();
});
afterAll(() => server.close());

/** What REST answers, for comparison. */
async function rest(path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(`${server.address}/api${path}`, {
    ...init,
    headers: { "content-type": "application/json", authorization: `Bearer ${token("rest", { role: "service" })}` },
  });
  return response.json();
}

/** What REST shows of an item, and `id` beside it. */
function withIds(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(withIds);
  if (typeof answer !== "object" || answer === null) return answer;
  const fields = Object.fromEntries(Object.entries(answer).map(([key, value]) => [
    key, key === "data" ? value : withIds(value),
  ]));
  return "_id" in fields ? { ...fields, id: fields["_id"] } : fields;
}

describe("realtimeService", () => {
  test("activities: every call answers what REST answers", async () => {
    const user = someone();
    setPulseClient(clientOf(server, user));
    const created = await activityService.createActivity({
      userId: user, type: "goal_completed", title: "A goal", description: "of mine", data: { a: [1, null] },
    });
    await activityService.createActivity({ type: "login", title: "Signed in" });
    const page = await activityService.getActivities(user, 1, 0);
    expect(page).toEqual(withIds(await rest(`/activities/${user}?limit=1&skip=0`)));
    expect(page).toMatchObject({ total: 2, hasMore: true, unreadCount: 2 });
    expect((await activityService.getActivities(user, 1, 1)).activities).toEqual([created]);
    expect(await activityService.getUnreadCount(user)).toEqual(await rest(`/activities/${user}/unread/count`));
    const read = await activityService.markAsRead(created._id);
    expect(read).toEqual({ ...created, read: true });
    expect(read).toEqual(withIds(await rest(`/activities/${created._id}/read`, { method: "PATCH" })));
    expect(await activityService.markAllAsRead(user)).toEqual({ modifiedCount: 1 });
    expect(await activityService.deleteActivity(created._id)).toEqual({ message: "Activity deleted" });
    await expect(activityService.deleteActivity(created._id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("analytics: every call answers what REST answers", async () => {
    const user = someone();
    setPulseClient(clientOf(server, user));
    await expect(analyticsService.getAnalytics(user)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await analyticsService.initAnalytics(user)).toMatchObject({ userId: user, totalLearningHours: 0 });
    await analyticsService.updateLearningHours(user, 2.5);
    await analyticsService.updateStreak(user, 2, 7);
    await analyticsService.incrementStat(user, "skillsAdded");
    await analyticsService.incrementStat(user, "logsCreated", 3);
    await analyticsService.addWeeklyData(user, "2026-03-01", 1, 1);
    const last = await analyticsService.addWeeklyData(user, { date: "2026-03-02", hoursLogged: 2, logsCount: 0 });
    expect(last).toEqual(await rest(`/analytics/${user}`));
    expect(await analyticsService.getAnalytics()).toEqual(last);
    expect(last).toMatchObject({ skillsAdded: 1, logsCreated: 3, longestStreak: 7, totalLearningHours: 2.5 });
    expect(await analyticsService.getLeaderboard(10, 0)).toEqual(await rest("/analytics/leaderboard/all?limit=10"));
  });

  test("notifications: every call answers what REST answers", async () => {
    const user = someone();
    setPulseClient(clientOf(server, user));
    const created = await notificationService.createNotification({
      type: "achievement", title: "Well done", message: "Seven days", actionUrl: "/streak",
    });
    await notificationService.createNotification({ userId: user, type: "social", title: "Hello", message: "from Ada" });
    const page = await notificationService.getNotifications(user);
    expect(page).toEqual(withIds(await rest(`/notifications/${user}`)));
    expect(page.notifications[1]).toEqual(created);
    expect(await notificationService.getUnreadCount(user)).toEqual({ unreadCount: 2 });
    expect(await notificationService.markAsRead(created.id)).toEqual({ ...created, read: true });
    expect(await notificationService.markAllAsRead()).toEqual({ modifiedCount: 1 });
    expect(await notificationService.deleteNotification(created.id)).toEqual({ message: "Notification deleted" });
    expect(await notificationService.clearAll(user)).toEqual({ deletedCount: 1 });
    await expect(notificationService.createNotification({
      userId: someone(), type: "social", title: "Psst", message: "not allowed",
    })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("what a service changes is seen by the lists of its client at once", async () => {
    const client = clientOf(server, someone());
    const services = createServices(client);
    const list = watch(client.activityList());
    await until(() => expect(list.now.loading).toBe(false));
    const creating = services.activityService.createActivity({ type: "login", title: "seen" });
    expect(list.now.items).toMatchObject([{ title: "seen", pending: true }]);
    const { _id } = await creating;
    const deleting = services.activityService.deleteActivity(_id);
    expect(list.now.items).toEqual([]);
    await deleting;
  });
});

/** A service with a socket for this user. */
function socketFor(user: string, service: SocketService, at = server): PulseSocket {
  onTestFinished(() => service.disconnectSocket());
  return service.initializeSocket({
    url: at.url, userId: user, getToken: () => token(user), webSocketImpl: WebSocket,
  });
}

/** Everything that events of these names bring. */
function record(
  service: { on: (event: keyof SocketEvents, listener: (...given: unknown[]) => void) => void },
  ...events: (keyof SocketEvents)[]
): [string, unknown][] {
  const told: [string, unknown][] = [];
  for (const event of events) service.on(event, (given?: unknown) => told.push([event, given]));
  return told;
}

describe("socketService", () => {
  test("listeners that were added before there is a socket hear of everything", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const user = someone();
    const service = createSocketService();
    expect(service.getSocket()).toBeNull();
    expect(() => service.emit("user:login", user)).toThrow(/initializeSocket/);
    const told = record(
      service as never, "connect", "activity:created", "notification:received", "analytics:updated", "users:status",
      "unread:counts",
    );
    const socket = socketFor(user, service, own);
    expect(service.getSocket()).toBe(socket);
    // One operation for each kind of event; what is written once they stand is heard.
    await until(async () => expect(await own.gauge("pulse_open_operations")).toBe(5));
    await own.write(user, "an activity");
    await own.notify(user, "a notification");
    await own.ask("mutation ($u: ID) { updateLearningHours(userId: $u, hours: 1) { userId } }", { u: user });
    const of = (name: string): unknown[] => told.filter(([event]) => event === name).map(([, given]) => given);
    await until(() => expect(of("activity:created")).toMatchObject([{ title: "an activity", type: "login" }]));
    await until(() => expect(of("notification:received")).toMatchObject([{ title: "a notification", type: "system" }]));
    await until(() => expect(of("analytics:updated").at(-1)).toMatchObject({ totalLearningHours: 1 }));
    await until(() => expect(of("unread:counts").at(-1)).toEqual({ activities: 1, notifications: 1 }));
    await until(() => expect(of("users:status").at(-1)).toMatchObject({
      activeUsers: expect.any(Number), activeCount: expect.any(Number), timestamp: expect.stringMatching(/Z$/),
    }));
    expect(of("connect")).toHaveLength(1);
    expect(socket.connected).toBe(true);
  });

  test("is one socket for a user, and another for another", () => {
    const service = createSocketService();
    const options = { url: server.url, userId: someone(), webSocketImpl: WebSocket };
    onTestFinished(() => service.disconnectSocket());
    const socket = service.initializeSocket(options);
    expect(service.initializeSocket(options)).toBe(socket);
    const next = service.initializeSocket({ ...options, userId: someone() });
    expect(next).not.toBe(socket);
    service.disconnectSocket();
    expect(service.getSocket()).toBeNull();
  });

  test("emit: user:login, activity:create and data:request, with their answers", async () => {
    const user = someone();
    const service = createSocketService();
    const socket = socketFor(user, service);
    const told = record(
      service as never, "data:activities", "data:notifications", "data:analytics", "data:all", "error:message",
    );
    const answer = <T>(emit: (acknowledge: (given: T) => void) => void): Promise<T> => new Promise(emit);
    expect(await answer((got) => socket.emit("user:login", user, got))).toEqual({ userId: user });
    const created = await answer((got) => socket.emit("activity:create", { type: "login", title: "by event" }, got));
    expect(created).toMatchObject({ title: "by event", userId: user, _id: expect.any(String) });
    const page = await answer((got) => socket.emit("data:request", "activities", got));
    expect(page).toMatchObject({ total: 1, activities: [created] });
    expect(told).toEqual([["data:activities", page]]);
    for (const name of ["notifications", "analytics", "all"] as const) socket.emit("data:request", name);
    await until(() => expect(told.map(([event]) => event).toSorted()).toEqual([
      "data:activities", "data:all", "data:analytics", "data:notifications",
    ]));
    const all = told.find(([event]) => event === "data:all")?.[1];
    expect(all).toMatchObject({ analytics: null, activities: { total: 1 } });
    const refused = await answer((got) => socket.emit("activity:create", { type: "login", title: "" }, got));
    expect(refused).toMatchObject({ code: "BAD_USER_INPUT", field: "title", event: "activity:create" });
    expect(await answer((got) => socket.emit("user:login", someone(), got))).toMatchObject({ code: "FORBIDDEN" });
    socket.emit("data:request", "everything" as never);
    (socket as unknown as { emit(event: string): void }).emit("activity:new");
    const errors = (): unknown[] => told.filter(([event]) => event === "error:message").map(([, given]) => given);
    await until(() => expect(errors()).toHaveLength(2));
    expect(errors()).toEqual(expect.arrayContaining([
      expect.objectContaining({ code: "BAD_USER_INPUT", event: "data:request" }),
      expect.objectContaining({ code: "BAD_USER_INPUT", event: "activity:new" }),
    ]));
  });

  test("a service may log in as anybody, and follows them from then on", async () => {
    const user = someone();
    const service = createSocketService();
    onTestFinished(() => service.disconnectSocket());
    const told = record(service as never, "activity:created");
    const socket = service.initializeSocket({
      url: server.url, userId: someone(), webSocketImpl: WebSocket, getToken: () => token("s", { role: "service" }),
    });
    await new Promise((got) => socket.emit("user:login", user, got));
    const operations = await until(async () => {
      const open = await server.gauge("pulse_open_operations");
      expect(open).toBeGreaterThan(0);
      return open;
    });
    expect(operations).toBeGreaterThan(0);
    await until(async () => {
      await server.write(user, "theirs");
      expect(told.length).toBeGreaterThan(0);
    });
    expect(told[0]?.[1]).toMatchObject({ title: "theirs", userId: user });
  });

  test("listeners stay over a lost server, hear what they missed, and of the connection", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const user = someone();
    onTestFinished(() => socketService.disconnectSocket());
    const told = record(socketService as never, "connect", "disconnect", "connect_error", "activity:created");
    const socket = socketService.initializeSocket({
      url: own.url, userId: user, getToken: () => token(user), webSocketImpl: WebSocket,
    });
    const names = (): string[] => told.map(([event]) => event);
    await until(() => expect(names()).toContain("connect"));
    // Followed as soon as its place is known; what is written from then on is heard.
    await until(async () => expect(await own.gauge("pulse_open_operations")).toBeGreaterThanOrEqual(2));
    await own.write(user, "one");
    await until(() => expect(names()).toContain("activity:created"));
    await own.kill();
    await until(() => expect(names()).toEqual(expect.arrayContaining(["disconnect", "connect_error"])));
    await own.restart();
    await own.write(user, "two");
    socket.client.retryNow();
    await until(() => expect(told.filter(([event]) => event === "activity:created")).toMatchObject([
      ["activity:created", { title: "one" }], ["activity:created", { title: "two" }],
    ]));
    socketService.off("activity:created");
    socketService.disconnectSocket();
    await until(async () => expect(await own.gauge("pulse_open_sockets")).toBe(0));
    expect(names().at(-1)).toBe("disconnect");
  });

  test("a listener that is removed hears nothing more, and what nobody listens to is not followed", async () => {
    const own = await PulseServer.start();
    onTestFinished(() => own.close());
    const user = someone();
    const service = createSocketService();
    onTestFinished(() => service.disconnectSocket());
    const listener = (): void => undefined;
    service.on("analytics:updated", listener);
    service.initializeSocket({ url: own.url, userId: user, getToken: () => token(user), webSocketImpl: WebSocket });
    await until(async () => expect(await own.gauge("pulse_open_operations")).toBe(1));
    service.off("analytics:updated", listener);
    await until(async () => expect(await own.gauge("pulse_open_operations")).toBe(0));
    expect(await own.gauge("pulse_open_sockets")).toBe(1);
  });
});
