import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { connect, type AddressInfo } from "node:net";

/** What is between the client and the server: it can cut, hold and refuse what the internet does. */
export class Proxy {
  /** What becomes of a request to open a WebSocket. */
  upgrades: "pass" | "refuse" = "pass";
  /** Whether it takes new connections, of whatever kind. */
  open = true;
  /** How many requests to open a WebSocket have come. */
  upgradeRequests = 0;
  readonly #pairs = new Set<{ client: Socket; server: Socket; socket: boolean }>();
  readonly #listener: Server;

  private constructor(port: number) {
    this.#listener = createServer((client) => this.#accept(client, port));
  }

  static async before(port: number): Promise<Proxy> {
    const proxy = new Proxy(port);
    proxy.#listener.listen(0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}/graphql`;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** From now on nothing passes over the connections that are open, and nobody is told. New ones work. */
  hold(): void {
    for (const { client, server } of this.#pairs) {
      client.unpipe(server);
      server.unpipe(client);
      client.resume();
      server.resume();
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #accept(client: Socket, port: number): void {
    client.on("error", () => undefined);
    if (!this.open) {
      client.destroy();
      return;
    }
    client.once("data", (first) => {
      const socket = /^upgrade:\s*websocket/im.test(first.toString("latin1"));
      if (socket) this.upgradeRequests += 1;
      if (socket && this.upgrades === "refuse") {
        client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
      }
      const server = connect(port, "127.0.0.1");
      const pair = { client, server, socket };
      this.#pairs.add(pair);
      server.on("error", () => client.destroy());
      client.on("close", () => {
        this.#pairs.delete(pair);
        server.destroy();
      });
      server.on("close", () => client.destroy());
      server.write(first);
      client.pipe(server);
      server.pipe(client);
    });
  }
}
