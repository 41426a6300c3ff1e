// PostgreSQL, NATS and nodes of Pulse as real processes of this machine, each node with a way of its own to both.

import { spawn, execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Problem, startPulse } from '../conformance/server.mjs';
import { HttpClient } from './http.mjs';
import { Proxy } from './proxy.mjs';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const POSTGRES = path.join(REPOSITORY, 'scripts', 'postgres');
const NATS = path.join(REPOSITORY, 'scripts', 'nats');
/** How long NATS may take to listen. */
const NATS_START_MS = 10_000;
/** How long a node may take to end by itself before it is killed. */
const END_MS = 15_000;
const run = promisify(execFile);

/** A port that is free now, below those that the system gives to outgoing connections. */
export async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    const free = await new Promise((resolve) => {
      const server = net.createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** PostgreSQL with its data in `folder`. */
export class Postgres {
  static async start(folder) {
    const postgres = new Postgres();
    postgres.folder = folder;
    // Whatever ends this program ends the server.
    postgres.leave = () => spawnSync(POSTGRES, ['stop', folder, 'immediate'], { stdio: 'ignore' });
    process.once('exit', postgres.leave);
    await postgres.start();
    return postgres;
  }

  /** Starts it, at the same port as before. */
  async start() {
    const { stdout } = await run(POSTGRES, ['start', this.folder, ...(this.port ? [String(this.port)] : [])]);
    this.port = Number(new URL(stdout.trim()).port);
  }

  /** `fast` ends it in order, `immediate` as a crash would. */
  async stop(how) {
    await run(POSTGRES, ['stop', this.folder, how]);
  }

  async close() {
    process.removeListener('exit', this.leave);
    await this.stop('immediate');
  }
}

/** A NATS server. */
export class Nats {
  static async start(folder) {
    const nats = new Nats();
    const { stdout } = await run(NATS, ['path']).catch((error) => {
      throw new Problem(error.stderr?.trim() || error.message);
    });
    Object.assign(nats, { program: stdout.trim(), port: await freePort(), log: path.join(folder, 'nats.log') });
    nats.leave = () => nats.child?.kill('SIGKILL');
    process.once('exit', nats.leave);
    await nats.start();
    return nats;
  }

  /** Starts it, at the same port as before. */
  async start() {
    this.child = spawn(this.program, ['-a', '127.0.0.1', '-p', String(this.port), '-l', this.log], { stdio: 'ignore' });
    this.child.once('error', () => {});
    const end = Date.now() + NATS_START_MS;
    while (!await listens(this.port)) {
      if (Date.now() > end || this.child.exitCode !== null) throw new Problem(`NATS did not start: see ${this.log}`);
      await pause(50);
    }
  }

  /** SIGSTOP freezes it with every connection open, SIGCONT goes on. */
  signal(signal) {
    this.child.kill(signal);
  }

  async kill() {
    const ended = new Promise((resolve) => { this.child.once('exit', resolve); });
    this.child.kill('SIGKILL');
    await ended;
  }

  async close() {
    process.removeListener('exit', this.leave);
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
  }
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** One `pulse serve`, at one address whatever happens to it. */
export class Node {
  /** What it said, of all its lives. */
  output = [];
  /** Whether it was ended by us and not started again. */
  down = true;
  /** Whether it was asked to end. */
  leaving = false;

  constructor({ name, binary, postgres, bus, settings }) {
    Object.assign(this, { name, binary, postgres, bus, settings });
  }

  async start() {
    this.port ??= await freePort();
    this.server = await startPulse(this.binary, {
      DATABASE_URL: `postgres://postgres@127.0.0.1:${this.postgres.port}/postgres`,
      ...(this.bus && { NATS_URL: `nats://127.0.0.1:${this.bus.port}` }),
      PORT: String(this.port),
      // A line a request would only be kept for nothing.
      RUST_LOG: 'info,pulse::http::request_log=off',
      ...this.settings,
    });
    this.http ??= new HttpClient(this.port);
    this.down = false;
    this.leaving = false;
  }

  get socket() {
    return `ws://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.server.child.pid;
  }

  /** Sends `signal` and waits for the end; resolves with the exit code, what signal ended it and how long it took. */
  async end(signal) {
    const { child } = this.server;
    this.leaving = true;
    this.down = signal === 'SIGKILL';
    const began = Date.now();
    const ended = new Promise((resolve) => {
      child.once('exit', (code, by) => resolve({ code, signal: by, ms: Date.now() - began }));
    });
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    const outcome = await ended;
    clearTimeout(timer);
    this.down = true;
    await this.#collect();
    return outcome;
  }

  async #collect() {
    await this.server.stop();
    this.output.push(...this.server.output.splice(0), '--- the process ended ---');
  }

  async close() {
    if (!this.down) await this.end('SIGKILL');
    this.http?.close();
  }
}

/** All of it. */
export class Cluster {
  nodes = [];
  #proxies = [];

  /** Starts PostgreSQL, NATS and `size` nodes at the same time on an empty database. */
  static async start({ binary, size, settings = {}, proxies = true, nats = true }) {
    const cluster = new Cluster();
    cluster.folder = mkdtempSync(path.join(tmpdir(), 'pulse-cluster-'));
    // PostgreSQL runs as another user where we are root.
    chmodSync(cluster.folder, 0o755);
    try {
      cluster.postgres = await Postgres.start(path.join(cluster.folder, 'postgres'));
      if (nats) cluster.nats = await Nats.start(cluster.folder);
      for (let index = 0; index < size; index += 1) {
        cluster.nodes.push(new Node({
          name: `node ${index + 1}`,
          binary,
          settings,
          postgres: await cluster.#way(cluster.postgres.port, proxies),
          bus: nats ? await cluster.#way(cluster.nats.port, proxies) : undefined,
        }));
      }
      await Promise.all(cluster.nodes.map((node) => node.start()));
      return cluster;
    } catch (problem) {
      await cluster.close();
      throw problem;
    }
  }

  async #way(port, proxied) {
    if (!proxied) return { port };
    const proxy = await Proxy.to(port);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** The addresses of the nodes that run. */
  get running() {
    return this.nodes.filter((node) => !node.down);
  }

  /** Writes what the nodes said to files of `folder`. */
  keepLogs(folder) {
    mkdirSync(folder, { recursive: true });
    for (const node of this.nodes) {
      const lines = [...node.output, ...(node.server?.output ?? [])];
      writeFileSync(path.join(folder, `${node.name.replace(' ', '-')}.log`), `${lines.join('\n')}\n`);
    }
  }

  async close() {
    await Promise.all(this.nodes.map((node) => node.close()));
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.nats?.close();
    await this.postgres?.close();
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true });
  }
}
