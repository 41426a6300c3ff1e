// One graphql-transport-ws connection as a check sees it. Every message of the server is held against the shapes and
// the order that the protocol gives it, whatever the check itself asks for.

import { OPCODE, RawSocket, Unexpected, frame } from './socket.mjs';

export const SUBPROTOCOL = 'graphql-transport-ws';
/** The longest reason that a close frame holds (RFC 6455, section 5.5). */
const REASON_BYTES = 123;

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value) => typeof value === 'string' && value !== '';
const isOptionalObject = (value) => value === undefined || value === null || isObject(value);

/** What a message of each type has to look like. */
const SHAPES = {
  connection_ack: (message) => isOptionalObject(message.payload),
  ping: (message) => isOptionalObject(message.payload),
  pong: (message) => isOptionalObject(message.payload),
  next: ({ id, payload }) => isId(id) && isObject(payload) && ('data' in payload || isErrors(payload.errors)),
  error: ({ id, payload }) => isId(id) && isErrors(payload),
  complete: ({ id }) => isId(id),
};

function isErrors(value) {
  return Array.isArray(value) && value.length > 0 && value.every((error) => typeof error?.message === 'string');
}

/** A message in one line. */
export function show(message) {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** A text frame with a message: an object, or the text itself. */
export function textFrame(message) {
  return frame(OPCODE.text, typeof message === 'string' ? message : JSON.stringify(message));
}

/** What the event of a trial holds: it shows that a subscription has started, and no check has to do with it. */
export const TRIAL = 'trial-';

export class Peer {
  /** By id: the text of the last event of a trial. Such events are kept from the checks. */
  trials = new Map();
  keepsTrials = false;

  #seen = 0;
  #unread = [];
  /** By id: `running`, `stopped` (by us) or `ended` (by the server). */
  #operations = new Map();
  /** Our pings that have no answer yet. */
  #pings = 0;

  constructor(socket) {
    this.socket = socket;
  }

  static async open(url, { protocols = [SUBPROTOCOL], timeout }) {
    return new Peer(await RawSocket.open(url, { protocols, timeout }));
  }

  /** Sends messages, all in one write. */
  send(...messages) {
    for (const message of messages) this.#note(message);
    this.socket.write(...messages.map(textFrame));
  }

  /** Sends a message as one that is binary. */
  sendBinary(message) {
    this.#note(message);
    this.socket.write(frame(OPCODE.binary, JSON.stringify(message)));
  }

  /** Sends a message in three frames of text, with other frames between the first and the second. */
  sendSplit(message, ...between) {
    this.#note(message);
    const text = JSON.stringify(message);
    this.socket.write(
      frame(OPCODE.text, text.slice(0, 5), { final: false }),
      ...between,
      frame(OPCODE.continuation, text.slice(5, 9), { final: false }),
      frame(OPCODE.continuation, text.slice(9)),
    );
  }

  #note({ type, id }) {
    if (type === 'ping') this.#pings += 1;
    if (type === 'subscribe') this.#operations.set(id, 'running');
    if (type === 'complete' && this.#operations.get(id) === 'running') this.#operations.set(id, 'stopped');
  }

  subscribe(id, payload) {
    this.send({ type: 'subscribe', id, payload: typeof payload === 'string' ? { query: payload } : payload });
  }

  complete(id) {
    this.send({ type: 'complete', id });
  }

  /** Reads what has come, and judges it. */
  #read() {
    const { texts, faults } = this.socket;
    while (this.#seen < texts.length) {
      const message = this.#judge(texts[this.#seen]);
      this.#seen += 1;
      this.#sort(message);
    }
    if (faults.length > 0) throw new Unexpected(faults.join(', '));
  }

  /** Keeps from the checks what may come at any time. */
  #sort(message) {
    if (message.type === 'ping') this.send({ type: 'pong' });
    else if (this.#isTrial(message)) this.trials.set(message.id, JSON.stringify(message.payload));
    else if (message.type !== 'pong' || this.#isAnswer()) this.#unread.push(message);
  }

  /** Whether a pong answers a ping of ours: a server may also send it as a sign of life. */
  #isAnswer() {
    if (this.#pings === 0) return false;
    this.#pings -= 1;
    return true;
  }

  #isTrial({ type, payload }) {
    return !this.keepsTrials && type === 'next' && JSON.stringify(payload).includes(TRIAL);
  }

  #judge(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      throw new Unexpected(`a message that is not JSON: ${show(text)}`);
    }
    if (!isObject(message) || !Object.hasOwn(SHAPES, message.type) || !SHAPES[message.type](message)) {
      throw new Unexpected(`a message that the protocol does not have: ${show(text)}`);
    }
    if (['next', 'error', 'complete'].includes(message.type)) {
      const state = this.#operations.get(message.id);
      if (state === undefined) throw new Unexpected(`a message with an id of nobody here: ${show(text)}`);
      if (state === 'ended') throw new Unexpected(`a message after the end of its operation: ${show(text)}`);
      if (message.type !== 'next' && state === 'running') this.#operations.set(message.id, 'ended');
    }
    return message;
  }

  /** The next message, which has to be of this type, and of this id where one is given. */
  async receive(type, id, timeout) {
    const what = id === undefined ? type : `${type} for '${show(id)}'`;
    const message = await this.#next(what, timeout);
    if (message.type !== type || (id !== undefined && message.id !== id)) {
      throw new Unexpected(`${show(message)} instead of ${what}`);
    }
    return message;
  }

  #next(what, timeout) {
    return this.socket.until(() => {
      this.#read();
      return this.#unread.shift();
    }, what, timeout);
  }

  /** Takes messages up to the one that `wanted` accepts, and gives them all. */
  async receiveUntil(wanted, what, timeout) {
    const messages = [];
    do messages.push(await this.#next(what, timeout)); while (!wanted(messages.at(-1)));
    return messages;
  }

  /** A ping and its pong: what was sent before it has been read by the server. Gives what came before the pong. */
  async barrier() {
    this.send({ type: 'ping' });
    const messages = await this.receiveUntil(({ type }) => type === 'pong', 'pong');
    return messages.slice(0, -1);
  }

  /** Fails if something came that no one asked for. */
  async nothing() {
    const [message] = await this.barrier();
    if (message) throw new Unexpected(`${show(message)} instead of nothing`);
  }

  /** Whether each of these subscriptions brings the event of a trial, in the time that one may take. */
  tried(ids, mark, timeout) {
    const look = () => {
      this.#read();
      return ids.every((id) => this.trials.get(id)?.includes(mark));
    };
    return this.socket.until(look, 'the event of a trial', timeout);
  }

  /** Opens the connection within the socket. */
  async init(payload) {
    this.send(payload === undefined ? { type: 'connection_init' } : { type: 'connection_init', payload });
    return this.receive('connection_ack');
  }

  /** The server closes with this code (and reason), at once but for what is allowed, and ends the connection. */
  async closes(code, reason, { timeout, allow = [] } = {}) {
    const what = `a close with ${[code ?? 'a code', reason && `'${reason}'`].filter(Boolean).join(' ')}`;
    await this.socket.until(() => {
      this.#read();
      const message = this.#unread.find(({ type }) => !allow.includes(type));
      if (message) throw new Unexpected(`${show(message)} instead of ${what}`);
      return this.socket.closed;
    }, what, timeout);
    const { closed } = this.socket;
    const wrong = (code !== undefined && closed.code !== code) || (reason !== undefined && closed.reason !== reason);
    if (wrong) throw new Unexpected(`${this.socket.describe()} instead of ${what}`);
    if (closed.bytes > REASON_BYTES) throw new Unexpected(`a reason of ${closed.bytes} bytes`);
    await this.socket.until(() => this.socket.ended, 'the end of the connection');
    this.#read();
    return closed;
  }

  /** Nothing that the server did may be left unjudged. */
  finish() {
    try {
      this.#read();
    } finally {
      this.socket.destroy();
    }
  }
}
