import { ApolloProvider } from "@apollo/client/react";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { EventSource } from "eventsource";
import type { Client } from "graphql-ws";
import { createElement, type ReactElement } from "react";
import { Provider } from "urql";
import { describe, expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import * as apollo from "../recipes/apollo.js";
import { followActivities } from "../recipes/event-source.js";
import { createEventStream } from "../recipes/event-stream.js";
import { showActivities, type Activity } from "../recipes/graphql-ws.js";
import { createSocket } from "../recipes/socket.js";
import * as urql from "../recipes/urql.js";
import { until } from "./support/client.js";
import { Proxy } from "./support/proxy.js";
import { PulseServer, someone, token } from "./support/server.js";

// Node.js before 22 has none of its own; Apollo's link looks at it when an operation fails.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

const shown = (look: () => void): Promise<void> => waitFor(look, { timeout: 20_000, interval: 10 });

async function ownServer(): Promise<PulseServer> {
  const own = await PulseServer.start();
  onTestFinished(() => own.close());
  return own;
}

/** What an app reads first. */
function pageOf(server: PulseServer, userId: string): () => Promise<{ activities: Activity[]; cursor: string }> {
  return async () => {
    const data = await server.ask(
      "query ($u: ID) { activities(userId: $u) { cursor activities { id title cursor } } }", { u: userId },
    );
    return data["activities"] as { activities: Activity[]; cursor: string };
  };
}

describe.concurrent("without a framework", () => {
  async function story(connect: (server: PulseServer, user: string) => Client): Promise<void> {
    const server = await PulseServer.start();
    const user = someone();
    let titles: string[] = [];
    await server.write(user, "page");
    const stop = showActivities(connect(server, user), pageOf(server, user), (activities) => {
      titles = activities.map(({ title }) => title);
    });
    try {
      await until(() => expect(titles).toEqual(["page"]));
      await server.write(user, "live");
      await until(() => expect(titles).toEqual(["live", "page"]));
      await server.kill();
      await server.restart();
      await server.write(user, "missed 1");
      await server.write(user, "missed 2");
      await until(() => expect(titles).toEqual(["missed 2", "missed 1", "live", "page"]));
      await server.kill();
      server.forgetDatabase();
      await server.restart();
      await server.write(user, "another database");
      await until(() => expect(titles).toEqual(["another database"]));
      await server.write(user, "goes on");
      await until(() => expect(titles).toEqual(["goes on", "another database"]));
    } finally {
      stop();
      await server.close();
    }
  }

  test("graphql-ws: page, live, missed after a kill, a replaced database", () => story((server, user) =>
    createSocket({
      url: server.url.replace("http", "ws"), getToken: async () => token(user), webSocketImpl: WebSocket,
    })));

  test("graphql-sse: the same", () => story((server, user) =>
    createEventStream({ url: server.url, getToken: async () => token(user) }) as unknown as Client));

  test("graphql-ws: a token is renewed on the open socket", async () => {
    const server = await PulseServer.start();
    try {
      const user = someone();
      let asked = 0;
      let connections = 0;
      const client = createSocket({
        url: server.url.replace("http", "ws"),
        getToken: async () => token(user, { seconds: (asked += 1) === 1 ? 2 : 3600 }),
        webSocketImpl: WebSocket,
      });
      client.on("connected", () => (connections += 1));
      let titles: string[] = [];
      const stop = showActivities(client, pageOf(server, user), (activities) => {
        titles = activities.map(({ title }) => title);
      });
      const begun = Date.now();
      await until(() => expect(Date.now() - begun).toBeGreaterThan(3_500));
      await server.write(user, "after the first token");
      await until(() => expect(titles).toEqual(["after the first token"]));
      expect({ asked, connections }).toEqual({ asked: 2, connections: 1 });
      stop();
    } finally {
      await server.close();
    }
  });

  test("EventSource: resumes by itself", async () => {
    const server = await PulseServer.start();
    const proxy = await Proxy.before(server.port);
    const titles: string[] = [];
    const { cursor } = await pageOf(server, "ada")();
    const stop = followActivities(proxy.url, cursor, ({ title }) => titles.push(title), EventSource as never);
    try {
      await server.write("ada", "one");
      await until(() => expect(titles).toEqual(["one"]));
      proxy.cut();
      await server.write("ada", "two");
      await server.write("ada", "three");
      await until(() => expect(titles).toEqual(["one", "two", "three"]));
    } finally {
      stop();
      await proxy.close();
      await server.close();
    }
  });
});

describe.each([
  ["urql", (url: string, user: string): ReactElement => {
    const client = urql.createUrqlClient(url, { getToken: async () => token(user), webSocketImpl: WebSocket });
    return createElement(Provider, { value: client }, createElement(urql.Activities));
  }],
  ["Apollo Client", (url: string, user: string): ReactElement => {
    const client = apollo.createApolloClient(url, { getToken: async () => token(user), webSocketImpl: WebSocket });
    onTestFinished(() => client.stop());
    return createElement(ApolloProvider, { client, children: createElement(apollo.Activities) });
  }],
])("%s", (_, app) => {
  const items = (): (string | null)[] => screen.queryAllByRole("listitem").map(({ textContent }) => textContent);
  const alerts = (): string => screen.getAllByRole("alert").map(({ textContent }) => textContent).join("");

  test("page, live, missed after a kill, a replaced database", async () => {
    const server = await ownServer();
    const user = someone();
    await server.write(user, "page");
    render(app(server.url, user));
    await shown(() => expect(items()).toEqual(["page"]));
    await server.write(user, "live");
    await shown(() => expect(items()).toEqual(["live", "page"]));
    await server.kill();
    await server.restart();
    await server.write(user, "missed 1");
    await server.write(user, "missed 2");
    await shown(() => expect(items()).toEqual(["missed 2", "missed 1", "live", "page"]));
    await server.kill();
    server.forgetDatabase();
    await server.restart();
    await server.write(user, "another database");
    await shown(() => expect(items()).toEqual(["another database"]));
    await server.write(user, "goes on");
    await shown(() => expect(items()).toEqual(["goes on", "another database"]));
  });

  test("what is created is shown at once, then once; what is refused is taken back", async () => {
    const server = await ownServer();
    const user = someone();
    render(app(server.url, user));
    await shown(() => expect(screen.getAllByRole("button")).toHaveLength(2));
    await server.write(user, "first");
    await shown(() => expect(items()).toEqual(["first"]));
    const seen = new Set<string>();
    const observer = new MutationObserver(() => seen.add(items().join()));
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    onTestFinished(() => observer.disconnect());
    fireEvent.click(screen.getByText("Create"));
    await shown(() => expect(items()).toEqual(["A new login", "first"]));
    fireEvent.click(screen.getByText("Create without a title"));
    await shown(() => expect(alerts()).toContain("Title must have"));
    await shown(() => expect(items()).toEqual(["A new login", "first"]));
    expect([...seen]).toContain("A new login (saving),first");
    expect([...seen]).toContain(" (saving),A new login,first");
  });
});
