import { spawn, type ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BINARY } from "./binary.js";

const START_MS = 20_000;
const STOP_MS = 15_000;
const SECRET = "a secret of the tests of the web library only";

/** What a server inherits of our environment; its settings are all set here, whatever the caller's are. */
const INHERITED = ["HOME", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE", "PATH", "RUST_BACKTRACE", "TMPDIR"];

/** A real Pulse server with a database of its own, which can be killed and comes back at the same address. */
export class PulseServer {
  readonly output: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "pulse-web-"));
  #child: ChildProcess | null = null;
  #address = "";
  readonly #leave = (): void => {
    this.#child?.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  };

  static async start(): Promise<PulseServer> {
    const server = new PulseServer();
    process.once("exit", server.#leave);
    try {
      await server.#run("0");
      return server;
    } catch (problem) {
      await server.close();
      throw problem;
    }
  }

  get address(): string {
    return this.#address;
  }

  get url(): string {
    return `${this.#address}/graphql`;
  }

  get port(): number {
    return Number(new URL(this.#address).port);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    this.#child = null;
  }

  /** Asks it to end, and waits until it has: sockets are closed with 1012. */
  async terminate(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
    this.#child = null;
  }

  /** Starts it again: same address, same database. */
  async restart(): Promise<void> {
    await this.#run(String(this.port));
  }

  /** Removes the database of a server that does not run. */
  forgetDatabase(): void {
    for (const name of readdirSync(this.#folder)) rmSync(join(this.#folder, name), { force: true });
  }

  async close(): Promise<void> {
    await this.kill();
    process.removeListener("exit", this.#leave);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A query or mutation as a service, beside the tested client. */
  async ask(query: string, variables: object = {}): Promise<Record<string, unknown>> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token("writer", { role: "service" })}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: Record<string, unknown>; errors?: unknown };
    if (errors) throw new Error(`the server refused: ${JSON.stringify(errors)}`);
    return data;
  }

  /** Writes an activity beside the tested client. */
  async write(userId: string, title: string, type = "LOGIN"): Promise<string> {
    const data = await this.ask(
      "mutation ($input: CreateActivityInput!) { createActivity(input: $input) { id } }",
      { input: { userId, type, title } },
    );
    return (data["createActivity"] as { id: string }).id;
  }

  /** Writes a notification beside the tested client. */
  async notify(userId: string, title: string, more: object = {}): Promise<string> {
    const data = await this.ask(
      "mutation ($input: CreateNotificationInput!) { createNotification(input: $input) { id } }",
      { input: { userId, type: "SYSTEM", title, message: `about ${title}`, ...more } },
    );
    return (data["createNotification"] as { id: string }).id;
  }

  /** A gauge of /metrics. */
  async gauge(name: string): Promise<number> {
    const response = await fetch(`${this.#address}/metrics`, {
      headers: { authorization: `Bearer ${token("reader", { role: "service" })}` },
    });
    const line = (await response.text()).split("\n").find((text) => text.startsWith(`${name} `));
    if (!line) throw new Error(`there is no gauge ${name}`);
    return Number(line.split(" ")[1]);
  }

  async #run(port: string): Promise<void> {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => INHERITED.includes(name)));
    // The working folder is the temporary one, so that no .env of the repository is read.
    const child = spawn(BINARY, [], {
      cwd: this.#folder,
      env: {
        ...inherited, DATABASE_URL: "sqlite://pulse.db?mode=rwc", HOST: "127.0.0.1", JWT_SECRET: SECRET,
        NODE_ENV: "development", NO_COLOR: "1", PORT: port, RUST_LOG: "info",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#address = await new Promise<string>((resolve, reject) => {
      const fail = (what: string): void => {
        clearTimeout(timer);
        reject(new Error([`the server ${what}`, ...this.output.slice(-20)].join("\n  ")));
      };
      const timer = setTimeout(() => fail(`did not say its address within ${START_MS / 1000} s`), START_MS);
      child.once("error", (error) => fail(`could not be started: ${error.message}`));
      child.once("close", (code, signal) => fail(`ended (${signal ?? `exit code ${code}`})`));
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          this.output.push(line);
          const found = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(line);
          if (!found) return;
          clearTimeout(timer);
          resolve(found[0]);
        });
      }
    });
  }
}

/** A token for `user` that holds for `seconds`. */
export function token(user: string, { seconds = 3600, role = "user" } = {}): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const expires = Math.floor(Date.now() / 1000 + seconds);
  const content = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ sub: user, role, exp: expires })}`;
  return `${content}.${createHmac("sha256", SECRET).update(content).digest("base64url")}`;
}

let users = 0;

/** A user that nobody else writes for. */
export function someone(): string {
  users += 1;
  return `user-${process.pid}-${users}`;
}
