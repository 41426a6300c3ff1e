// Starts the servers that are tested, each a child process on a free port, and ends them by their handle.

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_MS = 20_000;
const STOP_MS = 15_000;
const SECRET = 'a secret of the conformance tests only';
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

export const DEFAULT_BINARY = process.env.PULSE_BIN
  ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, 'target'), 'debug', 'pulse');

/** What a server inherits of our environment; its settings are all set here, whatever the caller's are. */
const INHERITED = ['HOME', 'LD_LIBRARY_PATH', 'LLVM_PROFILE_FILE', 'PATH', 'RUST_BACKTRACE', 'TMPDIR'];

/** A message for the person at the terminal; the stack would not help them. */
export class Problem extends Error {}

/** A child process that tells its address, in a folder of its own. */
export class Server {
  output = [];

  /** Starts `command`; resolves once a line of its output matches `address`. */
  static async start(command, parameters, { address, env = {}, name = command }) {
    const server = new Server();
    server.folder = mkdtempSync(path.join(tmpdir(), 'pulse-conformance-'));
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([key]) => INHERITED.includes(key)));
    // The working folder is the temporary one, so that no .env of the repository is read.
    server.child = spawn(command, parameters, {
      cwd: server.folder,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.#endsWithUs();
    try {
      server.address = await server.#told(address, name);
      return server;
    } catch (problem) {
      await server.stop();
      throw problem;
    }
  }

  #told(address, name) {
    return new Promise((resolve, reject) => {
      const fail = (what) => {
        clearTimeout(timer);
        reject(new Problem([`${name} ${what}`, ...this.output].join('\n  ')));
      };
      const timer = setTimeout(fail, START_MS, `did not say its address within ${START_MS / 1000} s`);
      this.child.once('error', (error) => fail(`could not be started: ${error.message}`));
      this.child.once('close', (code, signal) => fail(`ended (${signal ?? `exit code ${code}`})`));
      // Lines are read to the end of the server's life: a full pipe would stop it.
      for (const stream of [this.child.stdout, this.child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.output.push(line);
          const found = address.exec(line);
          if (!found) return;
          clearTimeout(timer);
          resolve(found[0]);
        });
      }
    });
  }

  /** Whatever ends this program ends the server too, and removes its folder. */
  #endsWithUs() {
    this.leave = () => {
      this.child.kill('SIGKILL');
      rmSync(this.folder, { recursive: true, force: true });
    };
    process.once('exit', this.leave);
  }

  /** Resolves when the process has ended: asked first, then forced. */
  async stop() {
    const { child } = this;
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => { child.once('exit', resolve); });
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    process.removeListener('exit', this.leave);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Signals end this program the usual way, so that its servers end with it. */
export function endOnSignals() {
  for (const [signal, code] of [['SIGHUP', 129], ['SIGINT', 130], ['SIGTERM', 143]]) {
    process.once(signal, () => process.exit(code));
  }
}

/** A Pulse server with an empty database, which checks tokens that `token` signs; `settings` come on top. */
export function startPulse(binary, settings = {}) {
  return Server.start(path.resolve(binary), [], {
    address: /http:\/\/127\.0\.0\.1:[1-9]\d*/,
    env: {
      DATABASE_URL: 'sqlite://pulse.db?mode=rwc',
      HOST: '127.0.0.1',
      JWT_SECRET: SECRET,
      NODE_ENV: 'development',
      NO_COLOR: '1',
      PORT: '0',
      RUST_LOG: 'info',
      ...settings,
    },
  });
}

/** The reference server. What it prints of refused messages is of no interest. */
export function startReference() {
  return Server.start(process.execPath, [fileURLToPath(new URL('reference.mjs', import.meta.url))], {
    address: /ws:\/\/\S+/,
    name: 'the reference server',
  });
}

/** The WebSocket address of a Pulse server. */
export function socketUrl(address) {
  return `${address.replace(/^http/, 'ws')}/graphql`;
}

/** A token for `user` that holds for `seconds`. */
export function token(user, { seconds = 3600, role = 'user' } = {}) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({
    sub: user,
    role,
    exp: Math.floor(Date.now() / 1000 + seconds),
  })}`;
  return `${content}.${createHmac('sha256', SECRET).update(content).digest('base64url')}`;
}
