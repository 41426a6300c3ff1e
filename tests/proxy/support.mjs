// What the tests share: the nodes, the proxies of deploy/, and clients of each door.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { DEFAULT_BINARY, Server, startPulse, token } from '../conformance/server.mjs';

export { token };

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));
const DEADLINE_MS = 20_000;
const SERVICE = `Bearer ${token('ops', { role: 'service' })}`;
export const ORIGIN = 'https://app.example';
const SUBSCRIPTION = 'subscription ($after: String) { activityCreated(after: $after) { title cursor } }';

/** Waits until `check` gives something other than undefined or false. */
export async function eventually(what, check, deadline = DEADLINE_MS) {
  const end = Date.now() + deadline;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    assert.ok(Date.now() < end, `${what} did not come within ${deadline} ms`);
    await new Promise((again) => setTimeout(again, 50));
  }
}

/** A port that was free a moment ago. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** NATS with the configuration of deploy/, on ports of its own. */
export async function startNats() {
  const [port, monitor] = [await freePort(), await freePort()];
  const server = await Server.start(
    'nats-server',
    ['-c', path.join(DEPLOY, 'nats/nats.conf'), '-a', '127.0.0.1', '-p', String(port), '-m', String(monitor)],
    { address: /Server is ready/, env: { NATS_USER: 'pulse', NATS_PASSWORD: 'secret' } },
  );
  server.url = `nats://pulse:secret@127.0.0.1:${port}`;
  return server;
}

/** A node as in production. */
export const startNode = (settings) => startPulse(DEFAULT_BINARY, { NODE_ENV: 'production', CLIENT_URL: ORIGIN, ...settings });

export async function startHaproxy(nodes, newSockets = 2_000) {
  const port = await freePort();
  const [first, second] = nodes.map((node) => new URL(node.address).host);
  // HAProxy does not say that it listens: that is seen when it answers.
  const server = await Server.start('sh', ['-c', 'echo starting; exec haproxy -db -f "$1"', 'sh', path.join(DEPLOY, 'haproxy/haproxy.cfg')], {
    address: /starting/,
    name: 'haproxy',
    env: { PULSE_BIND: `127.0.0.1:${port}`, PULSE_NODE_1: first, PULSE_NODE_2: second, PULSE_NEW_SOCKETS: String(newSockets) },
  });
  return new Front(server, `http://127.0.0.1:${port}`);
}

/** Caddy with a certificate of an authority of its own, as it makes them for localhost. */
export async function startCaddy(node) {
  const [port, plain, admin] = [await freePort(), await freePort(), await freePort()];
  const home = mkdtempSync(path.join(tmpdir(), 'pulse-caddy-'));
  const server = await Server.start('caddy', ['run', '--config', path.join(DEPLOY, 'caddy/Caddyfile'), '--adapter', 'caddyfile'], {
    address: /serving initial configuration/,
    env: {
      HOME: home,
      XDG_DATA_HOME: home,
      XDG_CONFIG_HOME: home,
      CADDY_ADMIN: `127.0.0.1:${admin}`,
      CADDY_HTTP_PORT: String(plain),
      PULSE_SITE: `https://localhost:${port}`,
      PULSE_NODE: new URL(node.address).host,
    },
  });
  const certificate = path.join(home, 'caddy/pki/authorities/local/root.crt');
  const ca = await eventually('the authority', () => {
    try {
      return readFileSync(certificate);
    } catch {
      return undefined;
    }
  });
  return new Front(server, `https://localhost:${port}`, ca);
}

/** A proxy, and clients that go through it. */
export class Front {
  #server;
  #ca;
  #closers = [];

  constructor(server, address, ca) {
    this.#server = server;
    this.address = address;
    this.#ca = ca;
  }

  get output() {
    return this.#server.output;
  }

  async stop() {
    for (const close of this.#closers) close();
    await this.#server.stop();
  }

  /** Sends a request; resolves with the response, whose body is still to be read. */
  open(method, route, { body, headers = {}, user } = {}) {
    const client = this.address.startsWith('https') ? https : http;
    const authorization = user ? `Bearer ${token(user)}` : SERVICE;
    return new Promise((resolve, reject) => {
      const request = client.request(`${this.address}${route}`, {
        method,
        ca: this.#ca,
        agent: false,
        headers: { authorization, ...(body && { 'content-type': 'application/json' }), ...headers },
      });
      request.once('response', resolve).once('error', reject);
      request.setTimeout(DEADLINE_MS, () => request.destroy(new Error(`${method} ${route} was not answered`)));
      this.#closers.push(() => request.destroy());
      request.end(body && JSON.stringify(body));
    });
  }

  /** Sends a request; resolves with status, headers and text. */
  async ask(method, route, options) {
    const response = await this.open(method, route, options);
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += part;
    return { status: response.statusCode, headers: response.headers, text };
  }

  /** Creates an activity; whether that was answered with 201. */
  async create(userId, title) {
    const body = { userId, type: 'log_created', title };
    return (await this.ask('POST', '/api/activities', { body })).status === 201;
  }

  /** A subscription of the user's activities over a WebSocket. It comes back by itself, from the last cursor on, and
   * from that of the page before the first. */
  async follow(user, options = {}) {
    const page = await this.ask('GET', `/api/activities/${user}?limit=1`);
    const follower = new Follower(user, JSON.parse(page.text).cursor);
    const connect = () => {
      const socket = new WebSocket(`${this.address.replace(/^http/, 'ws')}/graphql/ws`, 'graphql-transport-ws', { ca: this.#ca, ...options });
      follower.socket = socket;
      socket.on('error', (error) => { follower.problem = error; });
      socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { token: token(user) } })));
      socket.on('message', (data) => follower.take(JSON.parse(data), socket));
      socket.on('close', (code) => {
        follower.closes.push(code);
        follower.live = false;
        if (!follower.ended) setTimeout(connect, 200 + Math.random() * 300);
      });
    };
    connect();
    this.#closers.push(() => {
      follower.ended = true;
      follower.socket.terminate();
    });
    return follower;
  }

  /** The same as server-sent events or as multipart: titles as they come. */
  async stream(user, accept) {
    const body = { query: SUBSCRIPTION };
    const response = await this.open('POST', '/graphql', { body, user, headers: { accept } });
    const heard = { status: response.statusCode, titles: [], text: '' };
    response.setEncoding('utf8').on('data', (part) => {
      heard.text += part;
      heard.titles = [...heard.text.matchAll(/"title":"([^"]+)"/g)].map(([, title]) => title);
    }).on('error', () => {});
    return heard;
  }

  /** A client of Socket.IO that is logged in. */
  async old(user, options = {}) {
    const socket = io(this.address, { forceNew: true, ca: this.#ca, auth: { token: token(user) }, reconnection: false, ...options });
    this.#closers.push(() => socket.close());
    const heard = { titles: [], lost: [], socket };
    socket.on('activity:created', ({ title }) => heard.titles.push(title));
    socket.on('disconnect', (reason) => heard.lost.push(reason));
    await new Promise((resolve, reject) => { socket.once('connect', resolve).once('connect_error', reject); });
    await socket.timeout(DEADLINE_MS).emitWithAck('user:login', user).catch(() => undefined);
    return heard;
  }
}

class Follower {
  titles = [];
  closes = [];
  live = false;
  #after;

  constructor(user, after) {
    this.user = user;
    this.#after = after;
  }

  take(message, socket) {
    const send = (value) => socket.send(JSON.stringify(value));
    if (message.type === 'connection_ack') {
      send({ type: 'subscribe', id: '1', payload: { query: SUBSCRIPTION, variables: { after: this.#after } } });
      // The answer to a ping comes after the subscription was taken up.
      send({ type: 'ping' });
    } else if (message.type === 'pong') {
      this.live = true;
    } else if (message.type === 'ping') {
      send({ type: 'pong' });
    } else if (message.type === 'next') {
      const { title, cursor } = message.payload.data.activityCreated;
      this.titles.push(title);
      this.#after = cursor;
    } else {
      this.problem = message;
    }
  }
}

/** A gauge of a node. */
export async function gauge(node, name) {
  const response = await fetch(`${node.address}/metrics`, { headers: { authorization: SERVICE } });
  const line = (await response.text()).split('\n').find((text) => text.startsWith(`pulse_${name} `));
  return Number(line.split(' ')[1]);
}
