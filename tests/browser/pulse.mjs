// A Pulse server with a database of its own, that can be killed and started again where it was.

import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Server } from '../conformance/server.mjs';

/** What tokens are signed with: known, so that they outlive a server that is started again. */
const SECRET = 'a secret of the browser tests, and of nothing else';

export class Pulse {
  #binary;
  #settings;
  #server;
  #remove;

  static async start(binary, settings = {}) {
    const pulse = new Pulse();
    const folder = mkdtempSync(path.join(tmpdir(), 'pulse-browser-'));
    pulse.#remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', pulse.#remove);
    pulse.#binary = binary;
    pulse.#settings = {
      DATABASE_URL: `sqlite://${path.join(folder, 'pulse.db')}?mode=rwc`,
      HOST: '127.0.0.1',
      JWT_SECRET: SECRET,
      NODE_ENV: 'development',
      NO_COLOR: '1',
      PORT: '0',
      RUST_LOG: 'info',
      ...settings,
    };
    await pulse.resume();
    return pulse;
  }

  /** Starts the server on its database, and, after the first time, on its port; once with other `settings`. */
  async resume(settings = {}) {
    this.#server = await Server.start(this.#binary, [], {
      address: /http:\/\/127\.0\.0\.1:[1-9]\d*/,
      env: { ...this.#settings, ...settings },
      name: 'pulse',
    });
    this.url = this.#server.address;
    this.#settings.PORT = new URL(this.url).port;
  }

  /** Ends the server as kill -9 does. */
  async kill() {
    const ended = new Promise((resolve) => { this.#server.child.once('exit', resolve); });
    this.#server.child.kill('SIGKILL');
    await ended;
    await this.#server.stop();
  }

  async stop() {
    await this.#server.stop();
    process.removeListener('exit', this.#remove);
    this.#remove();
  }

  /** The last lines that the server logged. */
  log() {
    return this.#server.output.slice(-20);
  }

  /** Calls REST as a service; gives the JSON of the answer. */
  async rest(method, route, body) {
    const response = await fetch(`${this.url}${route}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  createActivity(userId, title) {
    return this.rest('POST', '/api/activities', { userId, type: 'log_created', title });
  }

  createNotification(userId, title, message = 'A message.') {
    return this.rest('POST', '/api/notifications', { userId, type: 'system', title, message });
  }

  /** A token of `user`, signed here: production gives none. */
  sign(user, { seconds = 3600, role = 'user' } = {}) {
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { sub: user, role, exp: Math.floor(Date.now() / 1000 + seconds) };
    const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${content}.${createHmac('sha256', SECRET).update(content).digest('base64url')}`;
  }

  /** A token of `user` as a development server gives it. */
  async token(user, more = {}) {
    return (await this.rest('POST', '/dev/token', { user, ...more })).token;
  }
}
