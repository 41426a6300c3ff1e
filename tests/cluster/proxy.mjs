// A TCP proxy that can be told to misbehave, one for each way from a node to something that it needs.

import net from 'node:net';

export class Proxy {
  #server;
  #target;
  #pairs = new Set();
  /** `pass`, `stall` or `drop`. */
  mode = 'pass';

  /** Listens on a free port for connections to `target`, a port of this machine. */
  static async to(target) {
    const proxy = new Proxy();
    proxy.#target = target;
    await proxy.#listen(0);
    return proxy;
  }

  async #listen(port) {
    // Both sides may be half closed, as TCP allows; the pair takes the end over.
    this.#server = net.createServer({ allowHalfOpen: true }, (near) => this.#take(near));
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.port = this.#server.address().port;
  }

  #take(near) {
    const pair = new Pair(near, this.#target, () => this.#pairs.delete(pair));
    this.#pairs.add(pair);
    if (this.mode === 'pass') pair.pass();
  }

  /** How many connections there are. */
  get connections() {
    return this.#pairs.size;
  }

  /** Passes everything on again, what was held back by `stall` first. */
  async pass() {
    if (this.mode === 'drop') await this.#listen(this.port);
    this.mode = 'pass';
    for (const pair of this.#pairs) pair.pass();
  }

  /** Keeps every connection open, takes new ones, and passes nothing on, not even their end. */
  stall() {
    this.mode = 'stall';
    for (const pair of this.#pairs) pair.stall();
  }

  /** As `pass`, but the connections of now are never heard of again, as when a machine between has forgotten them. */
  async lose() {
    for (const pair of this.#pairs) pair.lose();
    await this.pass();
  }

  /** Closes every connection, and refuses new ones until `pass`. */
  async drop() {
    this.mode = 'drop';
    const closed = new Promise((resolve) => { this.#server.close(resolve); });
    for (const pair of this.#pairs) pair.destroy();
    await closed;
  }

  /** Ends every connection with a RST; new ones are served. */
  reset() {
    for (const pair of this.#pairs) pair.reset();
  }

  /** Ends everything. */
  async close() {
    if (this.mode !== 'drop') await this.drop();
  }
}

/** Two connections that are one. */
class Pair {
  #near;
  #far;
  #target;
  #gone;
  #passing = false;
  #lost = false;

  constructor(near, target, gone) {
    this.#near = near;
    this.#target = target;
    this.#gone = gone;
    near.pause();
    this.#watch(near);
  }

  #watch(socket) {
    socket.setNoDelay(true);
    // `close` follows.
    socket.on('error', () => {});
    // What is held back hides the end of a connection, too.
    socket.on('close', () => {
      if (this.#passing || this.#lost) this.destroy();
    });
  }

  pass() {
    if (this.#passing || this.#lost) return;
    this.#passing = true;
    if (!this.#far) {
      this.#far = net.connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
      this.#watch(this.#far);
    }
    if (this.#near.destroyed || this.#far.destroyed) {
      this.destroy();
      return;
    }
    this.#near.pipe(this.#far);
    this.#far.pipe(this.#near);
  }

  stall() {
    this.#passing = false;
    this.#near.unpipe(this.#far);
    this.#near.pause();
    this.#far?.unpipe(this.#near);
    this.#far?.pause();
  }

  lose() {
    this.stall();
    this.#lost = true;
  }

  reset() {
    this.#near.resetAndDestroy();
    this.#far?.resetAndDestroy();
    this.#gone();
  }

  destroy() {
    this.#near.destroy();
    this.#far?.destroy();
    this.#gone();
  }
}
