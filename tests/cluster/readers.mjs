// Those who read: over graphql-transport-ws, server-sent events and Socket.IO. Each comes back after whatever ended its
// connection, after a pause by chance, and goes on after the last item that it heard.

import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import { token } from '../conformance/server.mjs';
import { FEEDS, positionOf } from './ledger.mjs';

/** How long a reader waits before it comes back, in ms: from, to. */
const BACK_MS = [50, 400];
/** How long a connection may take to be made. */
const CONNECT_MS = 5_000;
/** A reader that hears not even a ping for so long takes its connection for lost. The server pings every 20 s. */
const SILENCE_MS = 45_000;
/** How a server may end a WebSocket of these readers: at a shutdown, or without a word where it was killed. */
const ENDS = [1012, 1006];
const items = (field) =>
  `subscription ($user: ID, $after: String) { item: ${field}(userId: $user, after: $after) { id title cursor } }`;
const OPERATIONS = {
  activities: items('activityCreated'),
  notifications: items('notificationReceived'),
  counts: 'subscription ($user: ID) { item: unreadCounts(userId: $user) { activities notifications cursor } }',
};

/** What all readers share. */
class Reader {
  violations = [];
  /** By feed, in order: { id, title, position, at }. */
  heard = { activities: [], notifications: [] };
  /** By feed: the cursor to go on from. */
  cursors = {};
  /** Whether the user counts as active by this reader, as far as it knows. */
  present = false;
  connections = 0;
  startedAt = Date.now();
  #stopped = false;

  /** `node` gives the node to connect to now; `after` is where to start, by feed. */
  constructor({ name, ledger, node, after, random, feeds = FEEDS }) {
    Object.assign(this, { name, ledger, node, random, feeds });
    Object.assign(this.cursors, after);
    this.start = Object.fromEntries(feeds.map((feed) => [feed, positionOf(after[feed])]));
  }

  run() {
    this.running = this.#keep();
    return this;
  }

  async #keep() {
    while (!this.#stopped) {
      const node = this.node();
      if (node) {
        this.connections += 1;
        await new Promise((resolve) => { this.connect(node, resolve); });
        this.present = false;
      }
      await pause(this.random.between(...BACK_MS));
    }
  }

  get stopped() {
    return this.#stopped;
  }

  async stop() {
    this.#stopped = true;
    this.cut();
    await this.running;
  }

  hear(feed, { id, _id, title, cursor }) {
    this.heard[feed].push({ id: id ?? _id, title, position: positionOf(cursor), at: Date.now() });
    this.cursors[feed] = cursor;
  }

  wrong(what) {
    this.violations.push(`${this.name} of ${this.ledger.user}: ${what}`);
  }
}

/** Both feeds and the unread counts over one graphql-transport-ws connection. */
export class SocketReader extends Reader {
  connect(node, ended) {
    const socket = new WebSocket(`${node.socket}/graphql`, 'graphql-transport-ws', { handshakeTimeout: CONNECT_MS });
    const send = (message) => socket.send(JSON.stringify(message));
    this.socket = socket;
    this.counts = undefined;
    const watch = watchdog(() => socket.terminate());
    socket.on('open', () => send({ type: 'connection_init', payload: { token: token(this.ledger.user) } }));
    socket.on('unexpected-response', (request, response) => {
      if (response.statusCode !== 503) this.wrong(`a handshake was answered with ${response.statusCode}`);
      request.destroy();
      socket.terminate();
    });
    socket.on('error', () => {});
    socket.on('message', (data) => {
      watch.heard();
      this.#take(JSON.parse(data), send);
    });
    socket.on('close', (code) => {
      watch.stop();
      if (!this.stopped && !this.cutting && !ENDS.includes(code)) this.wrong(`the socket was closed with ${code}`);
      this.cutting = false;
      ended();
    });
  }

  #take(message, send) {
    if (message.type === 'ping') send({ type: 'pong' });
    if (message.type === 'connection_ack') {
      this.present = true;
      for (const id of [...this.feeds, 'counts']) {
        const variables = { user: this.ledger.user, ...(id !== 'counts' && { after: this.cursors[id] }) };
        send({ id, type: 'subscribe', payload: { query: OPERATIONS[id], variables } });
      }
    }
    if (message.type === 'next') this.#next(message);
    if (message.type === 'error') this.#failed(message.payload);
    if (message.type === 'complete') this.wrong(`${message.id} was completed by the server`);
  }

  #next({ id, payload }) {
    if (payload.errors) this.#failed(payload.errors);
    else if (id === 'counts') this.counts = payload.data.item;
    else this.hear(id, payload.data.item);
  }

  /** A subscription that failed is tried again on a new connection. */
  #failed(errors) {
    const odd = errors.find((error) => error.extensions?.code !== 'UNAVAILABLE');
    if (odd) this.wrong(`a subscription failed: ${JSON.stringify(odd)}`);
    this.cut();
  }

  /** Ends the connection without a word. */
  cut() {
    if (!this.socket || this.socket.readyState === WebSocket.CLOSED) return;
    this.cutting = true;
    this.socket.terminate();
  }
}

/** Activities alone, over server-sent events. */
export class StreamReader extends Reader {
  constructor(options) {
    super({ ...options, feeds: ['activities'] });
  }

  connect(node, ended) {
    const body = JSON.stringify({
      query: OPERATIONS.activities,
      variables: { user: this.ledger.user, after: this.cursors.activities },
    });
    const finish = () => {
      watch.stop();
      ended();
    };
    const request = http.request({
      host: '127.0.0.1', port: node.port, path: '/graphql', method: 'POST', agent: false,
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    }, (response) => {
      if (response.statusCode !== 200) {
        if (response.statusCode !== 503) this.wrong(`a stream was answered with ${response.statusCode}`);
        request.destroy();
        return;
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('error', () => {});
      response.on('data', (part) => {
        watch.heard();
        const events = (text + part).split('\n\n');
        text = events.pop();
        events.forEach((event) => this.#take(event));
      });
      response.on('close', finish);
    });
    const watch = watchdog(() => request.destroy());
    request.on('error', finish);
    request.on('close', finish);
    request.end(body);
    this.request = request;
  }

  #take(event) {
    const field = (name) => event.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    if (field('event') === 'complete') this.wrong('a stream was completed by the server');
    if (field('event') !== 'next') return;
    const { data, errors } = JSON.parse(field('data'));
    if (data?.item) {
      this.hear('activities', data.item);
      return;
    }
    const odd = errors?.find((error) => error.extensions?.code !== 'UNAVAILABLE');
    if (odd) this.wrong(`a stream failed: ${JSON.stringify(odd)}`);
    this.cut();
  }

  cut() {
    this.request?.destroy();
  }
}

/** Both feeds over Socket.IO, with one cursor for both, which both start from. */
export class SocketIoReader extends Reader {
  after = this.cursors.activities;

  connect(node, ended) {
    const url = `${node.socket}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(url, { handshakeTimeout: CONNECT_MS });
    this.socket = socket;
    const watch = watchdog(() => socket.terminate());
    socket.on('error', () => {});
    socket.on('unexpected-response', (request, response) => {
      if (response.statusCode !== 503) this.wrong(`a Socket.IO handshake was answered with ${response.statusCode}`);
      request.destroy();
      socket.terminate();
    });
    socket.on('message', (data) => {
      watch.heard();
      this.#take(socket, String(data));
    });
    socket.on('close', () => {
      watch.stop();
      ended();
    });
  }

  /** Packets of engine.io 4 and socket.io 5: 0 open, 2 ping, 40 connect, 42 event, 43 answer to one, 44 refused. */
  #take(socket, packet) {
    const { user } = this.ledger;
    if (packet.startsWith('0')) socket.send(`40${JSON.stringify({ token: token(user), after: this.after })}`);
    else if (packet === '2') socket.send('3');
    else if (packet.startsWith('40')) this.#logIn(socket);
    else if (packet.startsWith('430')) this.#loggedIn(socket, ...JSON.parse(packet.slice(3)));
    else if (packet.startsWith('42')) this.#event(...JSON.parse(packet.slice(2)));
    else if (packet.startsWith('44')) this.#refused(JSON.parse(packet.slice(2)).data);
    else if (packet.startsWith('41')) this.cut();
  }

  #logIn(socket) {
    if (socket.readyState === WebSocket.OPEN) socket.send(`420${JSON.stringify(['user:login', this.ledger.user])}`);
  }

  /** A login that was not possible is tried again on the same socket, whose cursor still has to serve. */
  #loggedIn(socket, answer) {
    if (answer.userId === this.ledger.user) this.present = true;
    else if (answer.code === 'UNAVAILABLE') setTimeout(() => this.#logIn(socket), this.random.between(...BACK_MS));
    else this.#refused(answer);
  }

  #event(name, value) {
    if (name === 'activity:created') this.#item('activities', value);
    if (name === 'notification:received') this.#item('notifications', value);
    if (name === 'analytics:updated') this.after = value.cursor;
    if (name === 'error:message') this.#refused(value);
  }

  #item(feed, item) {
    this.hear(feed, item);
    this.after = item.cursor;
  }

  #refused(error) {
    if (error?.code !== 'UNAVAILABLE') this.wrong(`Socket.IO refused: ${JSON.stringify(error)}`);
    this.cut();
  }

  cut() {
    this.socket?.terminate();
  }
}

/** A user who is there and hears nothing: an open GraphQL socket without a subscription. */
export class Visitor extends SocketReader {
  constructor(options) {
    super({ ...options, after: {}, feeds: [] });
  }
}

/** Ends a connection on which nothing was heard for too long. */
function watchdog(end) {
  let timer = setTimeout(end, SILENCE_MS);
  return {
    heard() {
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE_MS);
    },
    stop: () => clearTimeout(timer),
  };
}
