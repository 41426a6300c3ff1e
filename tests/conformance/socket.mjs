// A WebSocket client (RFC 6455) that hides nothing: frames can be malformed at will, several messages go out in one
// write, and everything that a server may never do is noted. Client libraries correct too much to judge by them.

import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';

const HANDSHAKE_KEY = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const HANDSHAKE_BYTES = 64 * 1024;
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** What came is not what the rule asks for. The message says what came instead. */
export class Unexpected extends Error {}

/** One frame, masked as a client's frames are. */
export function frame(opcode, payload, { final = true } = {}) {
  const data = Buffer.from(payload);
  const mask = randomBytes(4);
  let head;
  if (data.length < 126) {
    head = Buffer.from([0, 0x80 | data.length]);
  } else if (data.length < 65536) {
    head = Buffer.from([0, 0x80 | 126, 0, 0]);
    head.writeUInt16BE(data.length, 2);
  } else {
    head = Buffer.from([0, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  head[0] = (final ? 0x80 : 0) | opcode;
  return Buffer.concat([head, mask, data.map((byte, index) => byte ^ mask[index % 4])]);
}

/** The frame of a close with a code. */
export function closeFrame(code, reason = '') {
  const payload = Buffer.from(`..${reason}`);
  payload.writeUInt16BE(code);
  return frame(OPCODE.close, payload);
}

export class RawSocket {
  /** Texts of the server's messages, in order. */
  texts = [];
  /** Payloads of the server's WebSocket pongs. */
  pongs = [];
  /** The close frame: code (undefined where it holds none), reason, and how many bytes that has. */
  closed;
  /** Whether the connection itself has ended. */
  ended = false;
  /** What the server did that WebSocket forbids. */
  faults = [];

  #connection;
  #buffer = Buffer.alloc(0);
  #parts;
  #waiting = new Set();
  #timeout;

  /** Connects to a ws(s) URL and offers `protocols`; resolves once the handshake is done. */
  static async open(url, { protocols = [], timeout }) {
    const socket = new RawSocket();
    socket.#timeout = timeout;
    await socket.#connect(new URL(url), protocols);
    return socket;
  }

  async #connect(url, protocols) {
    const secure = url.protocol === 'wss:';
    const port = Number(url.port || (secure ? 443 : 80));
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const connect = secure ? tls.connect : net.connect;
    this.#connection = connect({ host, port, servername: net.isIP(host) ? undefined : host });
    this.#connection.setNoDelay(true);
    this.#connection.on('error', (error) => this.#end(error));
    this.#connection.on('close', () => this.#end());
    const key = randomBytes(16).toString('base64');
    const lines = [
      `GET ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
      ...(protocols.length > 0 ? [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`] : []),
    ];
    this.#connection.write(`${lines.join('\r\n')}\r\n\r\n`);
    this.#connection.on('data', (data) => this.#received(data));
    await this.until(() => this.headers, 'the answer to the handshake');
    if (this.status !== 101) throw new Unexpected(`the handshake was answered with HTTP ${this.status}`);
    const accept = createHash('sha1').update(key + HANDSHAKE_KEY).digest('base64');
    if (this.headers.get('sec-websocket-accept') !== accept) throw new Unexpected('a wrong Sec-WebSocket-Accept');
    this.protocol = this.headers.get('sec-websocket-protocol');
  }

  #received(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    try {
      if (!this.headers) this.#readHandshake();
      if (this.headers && this.status === 101) while (this.#readFrame());
    } catch (error) {
      this.faults.push(error.message);
      this.#connection.destroy();
    }
    this.#wake();
  }

  #readHandshake() {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0 && this.#buffer.length > HANDSHAKE_BYTES) throw new Unexpected('an endless answer to the handshake');
    if (end < 0) return;
    const [first, ...lines] = this.#buffer.subarray(0, end).toString('latin1').split('\r\n');
    this.#buffer = this.#buffer.subarray(end + 4);
    this.status = Number(first.split(' ')[1]);
    const pairs = lines.map((line) => line.split(/:\s*/, 1).concat(line.replace(/^[^:]*:\s*/, '')));
    this.headers = new Map(pairs.map(([name, value]) => [name.toLowerCase(), value.trim()]));
  }

  /** Takes one whole frame from the buffer; false where there is none yet. */
  #readFrame() {
    const buffer = this.#buffer;
    if (buffer.length < 2) return false;
    let length = buffer[1] & 0x7f;
    let start = 2;
    if (length === 126) {
      if (buffer.length < 4) return false;
      length = buffer.readUInt16BE(2);
      start = 4;
    } else if (length === 127) {
      if (buffer.length < 10) return false;
      length = Number(buffer.readBigUInt64BE(2));
      start = 10;
    }
    if (buffer[1] & 0x80) throw new Unexpected('a masked frame from the server');
    if (buffer.length < start + length) return false;
    this.#buffer = buffer.subarray(start + length);
    this.#take(buffer[0], buffer.subarray(start, start + length));
    return true;
  }

  #take(first, payload) {
    const [final, opcode] = [(first & 0x80) !== 0, first & 0x0f];
    if (first & 0x70) throw new Unexpected('a frame with reserved bits, though no extension was offered');
    if (this.closed) throw new Unexpected(`a frame (opcode ${opcode}) after the close frame`);
    if (opcode >= OPCODE.close) {
      if (!final || payload.length > 125) throw new Unexpected('a control frame that is split or too long');
      this.#control(opcode, payload);
      return;
    }
    if ((opcode === OPCODE.continuation) !== (this.#parts !== undefined)) {
      throw new Unexpected(`a frame (opcode ${opcode}) out of turn`);
    }
    if (opcode === OPCODE.binary) throw new Unexpected('a binary message');
    this.#parts = [...(this.#parts ?? []), payload];
    if (!final) return;
    this.texts.push(utf8(Buffer.concat(this.#parts)));
    this.#parts = undefined;
  }

  #control(opcode, payload) {
    if (opcode === OPCODE.ping) {
      this.write(frame(OPCODE.pong, payload));
    } else if (opcode === OPCODE.pong) {
      this.pongs.push(payload.toString());
    } else {
      if (payload.length === 1) throw new Unexpected('a close frame of one byte');
      const reason = utf8(payload.subarray(2));
      this.closed = {
        code: payload.length > 1 ? payload.readUInt16BE() : undefined,
        reason,
        bytes: Buffer.byteLength(reason),
      };
      if (!this.closing) this.write(closeFrame(this.closed.code ?? 1000));
    }
  }

  #end(error) {
    if (this.ended) return;
    this.ended = error ? `the connection failed: ${error.message}` : true;
    this.#wake();
  }

  #wake() {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves with what `look` finds, as soon as it finds something; fails with what came instead. */
  until(look, what, timeout = this.#timeout) {
    return new Promise((resolve, reject) => {
      const stop = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(attempt);
        settle(value);
      };
      const attempt = () => {
        let found;
        try {
          found = look();
        } catch (error) {
          return stop(reject, error);
        }
        if (found) return stop(resolve, found);
        if (this.ended) stop(reject, new Unexpected(`${this.describe()} instead of ${what}`));
        return undefined;
      };
      const timer = setTimeout(
        () => stop(reject, new Unexpected(`${this.describe()} instead of ${what}, within ${timeout / 1000} s`)),
        timeout,
      );
      this.#waiting.add(attempt);
      attempt();
    });
  }

  /** What is left to say of the connection. */
  describe() {
    if (this.faults.length > 0) return this.faults.join(', ');
    if (this.closed) return `a close with ${this.closed.code ?? 'no code'} '${this.closed.reason}'`;
    if (typeof this.ended === 'string') return this.ended;
    return this.ended ? 'the end of the connection without a close frame' : 'nothing';
  }

  /** Writes frames in one piece. */
  write(...frames) {
    if (!this.#connection.destroyed) this.#connection.write(Buffer.concat(frames));
  }

  /** Starts the closing handshake. */
  close(code, reason) {
    this.closing = true;
    this.write(closeFrame(code, reason));
  }

  /** Ends the connection without a word. */
  destroy() {
    this.#connection.destroy();
  }
}

function utf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Unexpected('text that is not UTF-8');
  }
}
