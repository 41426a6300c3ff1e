import { analyticsCalls } from "../client/analytics.js";
import {
  PulseError, createPulseClient, type Activity, type Analytics, type NewActivity, type Notification, type PulseClient,
  type PulseClientOptions, type Release, type UnreadCounts,
} from "../client/index.js";
import { toPulseError } from "../client/errors.js";
import { createServices, type ActivityPage, type NotificationPage } from "./realtime.js";
import { setPulseClient } from "./current.js";

/** How many users are active. Over GraphQL only the number is known, so both fields hold it. */
export interface UsersStatus {
  readonly activeUsers: number;
  readonly activeCount: number;
  readonly timestamp: string;
}

/** An error, as the old backend told it. */
export interface ErrorMessage {
  readonly error: string;
  readonly code: string;
  readonly field?: string | undefined;
  readonly event: string;
}

/** The first pages of everything; `analytics` is null where the user has none. */
export interface AllData {
  readonly activities: ActivityPage;
  readonly notifications: NotificationPage;
  readonly analytics: Analytics | null;
}

/** What a listener of each event is given. `activity:new` (everybody's activities) is not to be had over GraphQL. */
export interface SocketEvents {
  connect: [];
  disconnect: [reason: string];
  connect_error: [error: PulseError];
  "activity:created": [activity: Activity];
  "notification:received": [notification: Notification];
  "analytics:updated": [analytics: Analytics];
  "users:status": [status: UsersStatus];
  /** New here: the unread counts at once, then at each change. */
  "unread:counts": [counts: UnreadCounts];
  /** New here: the database was replaced. Read your list again and show it in place of the old one. */
  "activities:replaced": [];
  "notifications:replaced": [];
  "data:activities": [page: ActivityPage];
  "data:notifications": [page: NotificationPage];
  "data:analytics": [analytics: Analytics | null];
  "data:all": [all: AllData];
  "error:message": [message: ErrorMessage];
}

/** What can be asked for by `data:request`. */
export interface DataByName {
  activities: ActivityPage;
  notifications: NotificationPage;
  analytics: Analytics | null;
  all: AllData;
}

/** What `emit` takes: the event, what it carries, and who is told the answer. */
export interface SocketCalls {
  "user:login": [userId: string, acknowledge?: (answer: { readonly userId: string } | ErrorMessage) => void];
  "activity:create": [activity: NewActivity, acknowledge?: (answer: Activity | ErrorMessage) => void];
  "data:request": [name: keyof DataByName, acknowledge?: (answer: DataByName[keyof DataByName] | ErrorMessage) => void];
}

type Listener<Name extends keyof SocketEvents> = (...given: SocketEvents[Name]) => void;
type AnyListener = (...given: never) => void;

/**
 * The old events over GraphQL. Listeners can be added at any time, also before `open`: they are kept over every
 * interruption, and each event that has one is followed, from the moment both are there.
 */
export class PulseSocket {
  readonly client: PulseClient;
  readonly #listeners: SocketListeners;
  readonly #sources = new Map<string, Release>();
  #userId: string | undefined;
  #open = false;
  #connected = false;
  #releases: Release[] = [];

  constructor(client: PulseClient, userId?: string, listeners: SocketListeners = new SocketListeners()) {
    this.client = client;
    this.#userId = userId ?? client.userId;
    this.#listeners = listeners;
  }

  /** Whether events arrive. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Whose events are followed; the token's user where it is undefined. */
  get userId(): string | undefined {
    return this.#userId;
  }

  /** Connects, and stays connected until `close`. */
  open(): void {
    if (this.#open) return;
    this.#open = true;
    const { connection } = this.client;
    this.#releases = [
      this.#listeners.watch(() => this.#follow()),
      connection.subscribe(() => this.#told()),
      this.client.holdConnection(),
    ];
    this.#follow();
    this.#told();
  }

  /** Follows nothing any more. The listeners stay, for another `open`. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const release of this.#releases) release();
    this.#unfollow();
    if (!this.#connected) return;
    this.#connected = false;
    this.#tell("disconnect", "io client disconnect");
  }

  on<Name extends keyof SocketEvents>(event: Name, listener: Listener<Name>): this {
    this.#listeners.add(event, listener);
    return this;
  }

  /** Removes a listener; without one, all of the event. */
  off<Name extends keyof SocketEvents>(event: Name, listener?: Listener<Name>): this {
    this.#listeners.remove(event, listener);
    return this;
  }

  /** Does what the event stands for. Errors come in the acknowledgement, or as `error:message` where there is none. */
  emit<Name extends keyof SocketCalls>(event: Name, ...given: SocketCalls[Name]): this {
    void this.#call(event, ...given);
    return this;
  }

  async #call(event: string, ...given: readonly unknown[]): Promise<void> {
    const acknowledge = given.find((value) => typeof value === "function") as ((answer: unknown) => void) | undefined;
    let answer: unknown;
    try {
      answer = await this.#answer(event, given[0]);
    } catch (thrown) {
      const { message, code, field } = toPulseError(thrown);
      const error: ErrorMessage = { error: message, code, event, ...(field === undefined ? {} : { field }) };
      if (acknowledge) acknowledge(error);
      else this.#tell("error:message", error);
      return;
    }
    acknowledge?.(answer);
  }

  async #answer(event: string, payload: unknown): Promise<unknown> {
    switch (event) {
      case "user:login":
        if (typeof payload !== "string") throw new PulseError("BAD_USER_INPUT", "userId must be a string.");
        // Asked first: another user than the token's is refused.
        await createServices(this.client).activityService.getUnreadCount(payload);
        this.#login(payload);
        return { userId: payload };
      case "activity:create":
        return this.client.activities(this.#userId).create(payload as NewActivity);
      case "data:request":
        return this.#data(payload);
      default:
        throw new PulseError("BAD_USER_INPUT", `there is no event '${event}'`);
    }
  }

  async #data(name: unknown): Promise<unknown> {
    const { activityService, notificationService } = createServices(this.client);
    const userId = this.#userId;
    const read = {
      activities: () => activityService.getActivities(userId),
      notifications: () => notificationService.getNotifications(userId),
      analytics: () => analyticsCalls.get(this.client, { userId }),
    };
    switch (name) {
      case "activities": {
        const page = await read.activities();
        this.#tell("data:activities", page);
        return page;
      }
      case "notifications": {
        const page = await read.notifications();
        this.#tell("data:notifications", page);
        return page;
      }
      case "analytics": {
        const analytics = await read.analytics();
        this.#tell("data:analytics", analytics);
        return analytics;
      }
      case "all": {
        const [activities, notifications, analytics] = await Promise.all([
          read.activities(), read.notifications(), read.analytics(),
        ]);
        const all = { activities, notifications, analytics };
        this.#tell("data:all", all);
        return all;
      }
      default:
        throw new PulseError(
          "BAD_USER_INPUT", `Name must be one of activities, notifications, analytics, all, but is "${String(name)}".`,
        );
    }
  }

  #login(userId: string): void {
    if (userId === this.#userId) return;
    this.#userId = userId;
    this.#unfollow();
    if (this.#open) this.#follow();
  }

  /** Follows what has listeners, and nothing else. */
  #follow(): void {
    const { client } = this;
    const user = this.#userId;
    const failed = (event: string) => (error: PulseError) =>
      this.#tell("error:message", { error: error.message, code: error.code, event });
    this.#source(["activity:created", "activities:replaced"], (event) => client.activities(user).listen({
      created: (activity) => this.#tell("activity:created", activity),
      replaced: () => this.#tell("activities:replaced"),
      failed: failed(event),
    }));
    this.#source(["notification:received", "notifications:replaced"], (event) => client.notifications(user).listen({
      created: (notification) => this.#tell("notification:received", notification),
      replaced: () => this.#tell("notifications:replaced"),
      failed: failed(event),
    }));
    this.#source(["analytics:updated"], () => client.analytics(user).listen((analytics) => {
      this.#tell("analytics:updated", analytics);
    }));
    this.#source(["users:status"], () => {
      const users = client.activeUsers();
      const told = (): void => {
        const { activeUsers: count } = users.get();
        if (count === null) return;
        this.#tell("users:status", { activeUsers: count, activeCount: count, timestamp: new Date().toISOString() });
      };
      queueMicrotask(told);
      return users.subscribe(told);
    });
    this.#source(["unread:counts"], () => {
      const unread = client.unreadCounts(user);
      const told = (): void => {
        const { counts } = unread.get();
        if (counts) this.#tell("unread:counts", counts);
      };
      queueMicrotask(told);
      return unread.subscribe(told);
    });
  }

  #source(events: readonly [keyof SocketEvents, ...(keyof SocketEvents)[]], start: (event: string) => Release): void {
    const [name] = events;
    const wanted = events.some((event) => this.#listeners.has(event));
    const running = this.#sources.get(name);
    if (wanted && !running) this.#sources.set(name, start(name));
    if (wanted || !running) return;
    this.#sources.delete(name);
    running();
  }

  #unfollow(): void {
    for (const release of this.#sources.values()) release();
    this.#sources.clear();
  }

  /** The connection changed. */
  #told(): void {
    const { state, error } = this.client.connection.get();
    const connected = state === "live";
    if (connected !== this.#connected) {
      this.#connected = connected;
      if (connected) this.#tell("connect");
      else this.#tell("disconnect", error?.message ?? "the connection was lost");
    } else if (!connected && error) {
      this.#tell("connect_error", error);
    }
  }

  #tell<Name extends keyof SocketEvents>(event: Name, ...given: SocketEvents[Name]): void {
    this.#listeners.tell(event, given);
  }
}

/** The listeners of a socket: they may be there before it. */
export class SocketListeners {
  readonly #byEvent = new Map<keyof SocketEvents, Set<AnyListener>>();
  readonly #watchers = new Set<() => void>();

  add(event: keyof SocketEvents, listener: AnyListener): void {
    const listeners = this.#byEvent.get(event) ?? new Set();
    this.#byEvent.set(event, listeners.add(listener));
    for (const watcher of this.#watchers) watcher();
  }

  remove(event: keyof SocketEvents, listener?: AnyListener): void {
    if (listener) this.#byEvent.get(event)?.delete(listener);
    else this.#byEvent.delete(event);
    for (const watcher of this.#watchers) watcher();
  }

  has(event: keyof SocketEvents): boolean {
    return (this.#byEvent.get(event)?.size ?? 0) > 0;
  }

  tell(event: keyof SocketEvents, given: readonly unknown[]): void {
    for (const listener of [...(this.#byEvent.get(event) ?? [])]) {
      (listener as (...all: readonly unknown[]) => void)(...given);
    }
  }

  /** Told when listeners come and go. */
  watch(watcher: () => void): Release {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** Whom to connect as: options of a client with `userId`, or a client that is there already. */
export type SocketOptions = PulseClientOptions | { readonly client: PulseClient; readonly userId?: string | undefined };

/** The old service: one socket for the whole app. */
export interface SocketService {
  /**
   * Connects, and gives the socket. A user id alone means the server of the page (`/graphql`) without a token. Called
   * again it gives the same socket, or for another user a new one. The other services use its client from now on.
   */
  initializeSocket(user: string | SocketOptions): PulseSocket;
  getSocket(): PulseSocket | null;
  /** Closes the socket. Listeners stay for the next one. */
  disconnectSocket(): void;
  /** Adds a listener, also before there is a socket. */
  on<Name extends keyof SocketEvents>(event: Name, listener: Listener<Name>): void;
  off<Name extends keyof SocketEvents>(event: Name, listener?: Listener<Name>): void;
  /** Throws a PulseError before `initializeSocket`. */
  emit<Name extends keyof SocketCalls>(event: Name, ...given: SocketCalls[Name]): void;
}

/** A socket service of its own. Most apps use `socketService`. */
export function createSocketService(): SocketService {
  const listeners = new SocketListeners();
  let socket: PulseSocket | null = null;
  let own: PulseClient | null = null;
  let made: string | SocketOptions | null = null;
  const close = (): void => {
    socket?.close();
    own?.dispose();
    socket = own = made = null;
  };
  return {
    initializeSocket(user) {
      if (socket && made !== null && sameUser(made, user)) return socket;
      close();
      const given = typeof user === "string" ? { url: "/graphql", userId: user } : user;
      const client = "client" in given ? given.client : createPulseClient(given);
      if (!("client" in given)) own = client;
      made = user;
      setPulseClient(client);
      socket = new PulseSocket(client, given.userId, listeners);
      socket.open();
      return socket;
    },
    getSocket: () => socket,
    disconnectSocket: close,
    on: (event, listener) => listeners.add(event, listener),
    off: (event, listener) => listeners.remove(event, listener),
    emit(event, ...given) {
      if (!socket) throw new PulseError("ABORTED", "call initializeSocket first");
      socket.emit(event, ...given);
    },
  };
}

function sameUser(one: string | SocketOptions, other: string | SocketOptions): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  if ("client" in one || "client" in other) {
    return "client" in one && "client" in other && one.client === other.client && one.userId === other.userId;
  }
  return one.url === other.url && one.userId === other.userId && one.getToken === other.getToken;
}

/** The socket of the app. */
export const socketService: SocketService = /* @__PURE__ */ createSocketService();
