// What the tests share: a server, clients of both versions, and waiting with a deadline.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { io as io4 } from 'socket.io-client';
import { io as io3 } from 'socket.io-client-3';
import { DEFAULT_BINARY, Server, endOnSignals, startPulse, token } from '../conformance/server.mjs';

export { token };

/** How long a test waits for something that should come at once. */
export const DEADLINE_MS = 20_000;

export const CLIENTS = { 'socket.io-client 3': io3, 'socket.io-client 4': io4 };
export const TRANSPORTS = { 'polling, then WebSocket': undefined, 'polling alone': ['polling'], 'WebSocket alone': ['websocket'] };

endOnSignals();
// Each server has a listener for the end of this process.
process.setMaxListeners(200);

/** A server that ends with its test, after its clients. `settings` are environment variables. */
export async function serve(settings = {}) {
  const server = await startPulse(DEFAULT_BINARY, settings);
  server.clients = [];
  after(async () => {
    for (const client of server.clients) client.socket.close();
    await server.stop();
  });
  return server;
}

/** A server that can be killed and started again at the same address, on the same database. */
export class Durable {
  #folder = mkdtempSync(path.join(tmpdir(), 'pulse-socketio-'));
  clients = [];

  static async start(settings = {}) {
    const durable = new Durable();
    durable.settings = { ...settings, DATABASE_URL: `sqlite://${path.join(durable.#folder, 'pulse.db')}?mode=rwc` };
    await durable.again();
    after(async () => {
      for (const client of durable.clients) client.socket.close();
      await durable.server.stop();
      rmSync(durable.#folder, { recursive: true, force: true });
    });
    return durable;
  }

  /** Starts it again. */
  async again() {
    this.server = await startPulse(DEFAULT_BINARY, this.settings);
    this.settings.PORT = new URL(this.address).port;
  }

  get address() {
    return this.server.address;
  }

  /** Resolves when the process has ended by `signal`, with its exit code. */
  async end(signal) {
    const ended = new Promise((resolve) => { this.server.child.once('exit', resolve); });
    this.server.child.kill(signal);
    return ended;
  }
}

/** Sends a request as a service; returns the body. */
export async function rest(server, method, route, body, { expect = body === undefined ? 200 : 201, authorization } = {}) {
  const response = await fetch(`${server.address}/api${route}`, {
    method,
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  assert.equal(response.status, expect, JSON.stringify(answer));
  return answer;
}

export const createActivity = (server, userId, title, more = {}) =>
  rest(server, 'POST', '/activities', { userId, type: 'log_created', title, ...more });

export const createNotification = (server, userId, title) =>
  rest(server, 'POST', '/notifications', { userId, type: 'system', title, message: 'm' });

/** Waits until `check` gives something other than undefined or false. */
export async function eventually(what, check, deadline = DEADLINE_MS) {
  const end = Date.now() + deadline;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    assert.ok(Date.now() < end, `${what} did not come within ${deadline} ms`);
    await new Promise((again) => setTimeout(again, 20));
  }
}

/** A client that notes whatever it hears, so that a test can wait for it and see that nothing else came. */
export class Client {
  heard = [];
  #wake = () => {};

  constructor(io, server, options = {}) {
    this.socket = io(server.address, { reconnectionDelay: 50, reconnectionDelayMax: 200, forceNew: true, ...options });
    const events = ['activity:created', 'activity:new', 'notification:received', 'analytics:updated', 'users:status',
      'error:message', 'data:activities', 'data:notifications', 'data:analytics', 'data:all'];
    for (const name of [...events, 'connect', 'disconnect', 'connect_error']) {
      this.socket.on(name, (value) => {
        this.heard.push({ name, value });
        this.#wake();
      });
    }
    server.clients.push(this);
  }

  /** The first event of that name that was not taken yet. */
  async next(name, matches = () => true) {
    const found = () => this.heard.findIndex((event) => event.name === name && matches(event.value));
    const end = Date.now() + DEADLINE_MS;
    while (found() < 0) {
      const left = end - Date.now();
      assert.ok(left > 0, `no ${name} within ${DEADLINE_MS} ms; heard: ${JSON.stringify(this.heard).slice(0, 2000)}`);
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, left).unref();
      });
    }
    return this.heard.splice(found(), 1)[0].value;
  }

  /** What was heard of these names and not taken. */
  rest(...names) {
    return this.heard.filter((event) => names.includes(event.name));
  }

  /** Emits and waits for the acknowledgement. */
  ask(event, ...parameters) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${event} was not acknowledged`)), DEADLINE_MS);
      this.socket.emit(event, ...parameters, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  async connected() {
    await this.next('connect');
    return this;
  }

  /** Connects and joins the room of `user`. */
  async as(user) {
    await this.connected();
    const answer = await this.ask('user:login', user);
    assert.equal(answer.userId, user, JSON.stringify(answer));
    return this;
  }
}

/** The active users that the server counts. */
export const activeUsers = async (server) => (await rest(server, 'GET', '/health')).activeUsers;

/** The sockets that the server counts. */
export async function openSockets(server) {
  const text = await (await fetch(`${server.address}/metrics`)).text();
  return Number(/^pulse_open_sockets (\d+)$/m.exec(text)[1]);
}
