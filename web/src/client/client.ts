import { Client, fetchExchange, subscriptionExchange, type DocumentInput } from "@urql/core";
import { AnalyticsResource } from "./analytics.js";
import type { Watchable } from "./cell.js";
import { Connection, type ConnectionInfo } from "./connection.js";
import type { PulseDocument } from "./document.js";
import { PulseError, fromCombinedError } from "./errors.js";
import { FeedList } from "./feed-list.js";
import { Feed } from "./feed.js";
import { authorizedFetch } from "./http.js";
import { ACTIVITIES, NOTIFICATIONS, type Caller, type FeedFilter, type FeedItem, type Kind } from "./kinds.js";
import type { FollowSink } from "./operation.js";
import { Resources } from "./resource.js";
import type { TransportKind } from "./session.js";
import { ActiveUsersResource, LeaderboardResource, UnreadCountsResource } from "./states.js";
import { Tokens, type GetToken } from "./tokens.js";
import type {
  Activity, ActivityType, NewActivity, NewNotification, Notification, NotificationType, Release,
} from "./types.js";

/** How to reach Pulse, and as whom. */
export interface PulseClientOptions {
  /** The GraphQL endpoint, such as `https://pulse.example/graphql`; in a browser a path is enough: `/graphql`. */
  readonly url: string;
  /** Where WebSockets are opened: `url` with ws for http if absent. */
  readonly socketUrl?: string | undefined;
  /**
   * Gives the user's token. Called before each connection, shortly before the token's `exp`, and after the server
   * refused it; one call at a time. It may take 30 s. Without it calls go without a token, which only a server in
   * development takes.
   */
  readonly getToken?: GetToken | undefined;
  /** Whose things are meant where a call does not say. If absent: those of the token's user. */
  readonly userId?: string | undefined;
  /** `auto`: a WebSocket, and event streams where none opens though HTTP works. */
  readonly transport?: "auto" | TransportKind | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** In place of the global `WebSocket`: Node.js before 22 has none; the package `ws` has. */
  readonly webSocketImpl?: unknown;
}

/** Which items a list shows. */
export interface ListOptions<Type> extends FeedFilter<Type> {
  /** Whose; the client's user if absent. */
  readonly userId?: string | undefined;
  /** How many items a page has: 1 to 200, 20 if absent. */
  readonly pageSize?: number | undefined;
}

const PAGE_SIZE = 20;
const LEADERS = 100;

/** Makes a client. Nothing is opened until something is asked for, and everything is closed when nothing is shown. */
export function createPulseClient(options: PulseClientOptions): PulseClient {
  return new PulseClient(options);
}

/**
 * The connection to Pulse: queries and mutations over HTTP, subscriptions over one WebSocket (or event streams) that
 * goes on exactly where it was interrupted. It belongs to one user: who signs in as another makes another client.
 */
export class PulseClient implements Caller {
  /** Whose things are meant where a call does not say. */
  readonly userId: string | undefined;
  /** The urql client underneath, for documents of your own. Its subscriptions resume too. */
  readonly urql: Client;
  readonly #connection: Connection;
  readonly #resources = new Resources();
  readonly #feeds = new Map<string, object>();
  #disposed = false;

  constructor(options: PulseClientOptions) {
    const url = absolute(options.url);
    const tokens = new Tokens(options.getToken);
    // Bound: `fetch` must not be called as a method of something else.
    const fetcher = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.userId = options.userId;
    this.#connection = new Connection({
      httpUrl: url,
      socketUrl: options.socketUrl ?? url.replace(/^http/, "ws"),
      transport: options.transport ?? "auto",
      tokens,
      fetch: fetcher,
      webSocketImpl: options.webSocketImpl,
    });
    this.urql = new Client({
      url,
      exchanges: [
        subscriptionExchange({
          forwardSubscription: ({ query, variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: this.#connection.follow(query ?? "", { ...variables }, {
                next: (data) => sink.next({ data: data as Record<string, unknown> }),
                error: (error) => sink.error(error),
              }),
            }),
          }),
        }),
        fetchExchange,
      ],
      fetch: authorizedFetch(tokens, fetcher),
      preferGetMethod: false,
      requestPolicy: "network-only",
    });
  }

  /** Reads. Rejects with a PulseError. */
  async query<Data, Variables extends object>(
    document: PulseDocument<Data, Variables>, variables: Variables,
  ): Promise<Data> {
    this.#check();
    const result = await this.urql.query(sendable<Data>(document), fields(variables)).toPromise();
    if (result.error) throw fromCombinedError(result.error);
    return result.data as Data;
  }

  /** Changes. Rejects with a PulseError. It is sent once: what is not answered may have happened. */
  async mutate<Data, Variables extends object>(
    document: PulseDocument<Data, Variables>, variables: Variables,
  ): Promise<Data> {
    this.#check();
    const result = await this.urql.mutation(sendable<Data>(document), fields(variables)).toPromise();
    if (result.error) throw fromCombinedError(result.error);
    return result.data as Data;
  }

  /**
   * Follows a subscription until it is released, whatever happens to the connection. Where the document takes
   * `$after` and selects `cursor`, it goes on from the last cursor after each interruption: no result is lost or
   * comes twice.
   */
  follow<Data, Variables extends object>(
    document: PulseDocument<Data, Variables>, variables: Variables, sink: FollowSink<Data>,
  ): Release {
    return this.#connection.follow(textOf(document), fields(variables), {
      next: (data) => sink.next(data as Data),
      ...(sink.expired ? { expired: () => sink.expired?.() ?? Promise.resolve(null) } : {}),
      error: (error) => sink.error?.(error),
    });
  }

  /** How the connection stands. */
  get connection(): Watchable<ConnectionInfo> {
    return this.#connection.info;
  }

  /** Keeps the connection open though nothing is followed: the user counts as active. */
  holdConnection(): Release {
    return this.#connection.hold();
  }

  /** Connects at once instead of waiting for the next attempt. */
  retryNow(): void {
    this.#connection.retryNow();
  }

  /** Closes everything for good. Calls fail with ABORTED from now on. */
  dispose(): void {
    this.#disposed = true;
    this.#connection.dispose();
  }

  // --- what is shared ------------------------------------------------------------------------------------------------

  /** The activities of a user: changes go through it. */
  activities(userId?: string): Feed<Activity, NewActivity> {
    return this.#feed(ACTIVITIES, userId);
  }

  /** The notifications of a user: changes go through it. */
  notifications(userId?: string): Feed<Notification, NewNotification> {
    return this.#feed(NOTIFICATIONS, userId);
  }

  /** A live list of activities, shared by all who ask for the same. */
  activityList(options: ListOptions<ActivityType> = {}): FeedList<Activity, NewActivity> {
    return this.#list(this.activities(options.userId), options);
  }

  /** A live list of notifications, shared by all who ask for the same. */
  notificationList(options: ListOptions<NotificationType> = {}): FeedList<Notification, NewNotification> {
    return this.#list(this.notifications(options.userId), options);
  }

  /** A user's unread counts. */
  unreadCounts(userId: string | undefined = this.userId): UnreadCountsResource {
    return this.#resources.of(nameOf("counts", userId), () => new UnreadCountsResource(this.#host, { userId }));
  }

  /** A user's analytics. */
  analytics(userId: string | undefined = this.userId): AnalyticsResource {
    return this.#resources.of(nameOf("analytics", userId), () => new AnalyticsResource(this.#host, { userId }));
  }

  /** The leaderboard, in pages of 1 to 200. */
  leaderboard(pageSize: number = LEADERS): LeaderboardResource {
    return this.#resources.of(nameOf("leaderboard", pageSize), () => new LeaderboardResource(this.#host, pageSize));
  }

  /** How many users are active. */
  activeUsers(): ActiveUsersResource {
    return this.#resources.of("users", () => new ActiveUsersResource(this.#host));
  }

  get #host(): { caller: Caller; connection: Watchable<ConnectionInfo> } {
    return { caller: this, connection: this.connection };
  }

  #feed<Item extends FeedItem, New extends { readonly userId?: string | null | undefined }>(
    kind: Kind<Item, New>, userId: string | undefined = this.userId,
  ): Feed<Item, New> {
    const name = nameOf(kind.name, userId);
    const found = this.#feeds.get(name);
    // One name has one type: it holds the kind's.
    if (found) return found as Feed<Item, New>;
    const feed = new Feed(kind, { userId }, { ...this.#host, counts: this.unreadCounts(userId) });
    this.#feeds.set(name, feed);
    feed.onUse = (used) => {
      if (used && !this.#feeds.has(name)) this.#feeds.set(name, feed);
      if (!used && this.#feeds.get(name) === feed) this.#feeds.delete(name);
    };
    return feed;
  }

  #list<Item extends FeedItem, New extends { readonly userId?: string | null | undefined }>(
    feed: Feed<Item, New>, { type, unreadOnly = false, pageSize = PAGE_SIZE }: ListOptions<string>,
  ): FeedList<Item, New> {
    const name = nameOf("list", feed.kind.name, feed.whose.userId, type, unreadOnly, pageSize);
    return this.#resources.of(name, () => new FeedList(feed, { type, unreadOnly }, pageSize));
  }

  #check(): void {
    if (this.#disposed) throw new PulseError("ABORTED", "the client was disposed of");
  }
}

function nameOf(...parts: readonly (string | number | boolean | undefined)[]): string {
  return JSON.stringify(parts);
}

function fields(variables: object): Record<string, unknown> {
  return { ...variables };
}

/** Whether a document was parsed: by graphql-tag and the like. */
function isParsed(document: object): document is { loc?: { source?: { body?: string } } } {
  return "kind" in Object(document);
}

/** The document as urql takes it: text where it is text, so that it is sent as it is written. */
function sendable<Data>(document: { toString(): string }): DocumentInput<Data, Record<string, unknown>> {
  return (isParsed(document) ? document : document.toString()) as DocumentInput<Data, Record<string, unknown>>;
}

function textOf(document: { toString(): string }): string {
  if (!isParsed(document)) return document.toString();
  const source = document.loc?.source?.body;
  if (source === undefined) throw new PulseError("BAD_USER_INPUT", "give the document as text", { field: "document" });
  return source;
}

/** A path is meant on the page's own server. */
function absolute(url: string): string {
  if (/^https?:/.test(url)) return url;
  const base = typeof location === "undefined" ? undefined : location.href;
  if (base === undefined || !URL.canParse(url, base)) {
    throw new PulseError("BAD_USER_INPUT", `url is '${url}': outside a browser it begins with http:// or https://`, {
      field: "url",
    });
  }
  return new URL(url, base).href;
}
