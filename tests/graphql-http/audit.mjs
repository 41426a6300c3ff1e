// Runs every audit of graphql-http (GraphQL over HTTP: each MUST, SHOULD and MAY) against a Pulse server.
//
//   node audit.mjs [BINARY]     starts the binary ($PULSE_BIN, or target/debug/pulse) on a free port, a fresh database
//   node audit.mjs --url URL    audits a server that runs already
//
// A recommendation that is not followed fails too. Exit code: 0 all passed, 1 not, 2 wrong usage.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serverAudits } from 'graphql-http';

const EXPECTED_AUDITS = 61; // graphql-http 1.23.1; a later one may have more
const START_MS = 20_000;
const STOP_MS = 15_000;
const REQUEST_MS = 5_000;

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const DEFAULT_BINARY = path.join(process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, 'target'), 'debug', 'pulse');

/** What the server inherits of our environment; its settings are all set here, whatever the caller's are. */
const INHERITED = ['HOME', 'LD_LIBRARY_PATH', 'LLVM_PROFILE_FILE', 'PATH', 'RUST_BACKTRACE', 'TMPDIR'];

/** A message for the person at the terminal; the stack would not help them. */
class Problem extends Error {}

/** Starts `binary` with its database in `folder`; resolves with its process and address once it has told the address. */
async function startServer(binary, folder) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => INHERITED.includes(name)));
  Object.assign(env, {
    DATABASE_URL: `sqlite://${path.join(folder, 'pulse.db')}?mode=rwc`,
    HOST: '127.0.0.1',
    NODE_ENV: 'development',
    NO_COLOR: '1',
    PORT: '0',
    RUST_LOG: 'info',
  });
  // The working folder is the temporary one, so that no .env of the repository is read.
  const child = spawn(binary, [], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  leaveNothing(child, folder);

  const output = [];
  let timer;
  try {
    const address = await new Promise((resolve, reject) => {
      const fail = (what) => reject(new Problem([`${binary} ${what}`, ...output].join('\n  ')));
      timer = setTimeout(fail, START_MS, `did not say its address within ${START_MS / 1000} s`);
      child.once('error', (error) => fail(`could not be started: ${error.message}`));
      child.once('close', (code, signal) => fail(`ended (${signal ?? `exit code ${code}`})`));
      // Lines are read to the end of the server's life: a full pipe would stop it.
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          output.push(line);
          const found = /http:\/\/127\.0\.0\.1:([1-9]\d*)/.exec(line);
          if (found) resolve(found[0]);
        });
      }
    });
    return { child, address, output };
  } catch (problem) {
    await stopServer(child);
    throw problem;
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the process has ended: asked first, then forced. */
async function stopServer(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

/** Whatever ends this program ends the server too, and removes its folder. */
function leaveNothing(child, folder) {
  process.once('exit', () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [signal, code] of [['SIGHUP', 129], ['SIGINT', 130], ['SIGTERM', 143]]) {
    process.once(signal, () => process.exit(code));
  }
}

/** What the server answered, in one line, where the failed audit has not read it already. */
async function describe(response) {
  const status = `status ${response.status}, content-type ${response.headers.get('content-type') ?? 'none'}`;
  if (response.bodyUsed) return status;
  try {
    const body = (await response.text()).replaceAll(/\s+/g, ' ');
    return `${status}, body ${body.slice(0, 300) || 'empty'}`;
  } catch (error) {
    return `${status}, body unreadable: ${error.message}`;
  }
}

/** Runs one audit and prints its line; true if it passed. */
async function runAudit({ id, name, fn }) {
  let reason;
  try {
    const result = await fn();
    if (result.status === 'ok') {
      console.log(`ok   ${id} ${name}`);
      return true;
    }
    reason = `${result.reason} (${await describe(result.response)})`;
  } catch (error) {
    // No answer at all.
    reason = [error.message, error.cause?.message].filter(Boolean).join(': ');
  }
  console.log(`FAIL ${id} ${name}: ${reason}`);
  return false;
}

/** True if every audit passed, and none of the known ones is missing. */
async function runAudits(url) {
  const fetchFn = (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(REQUEST_MS) });
  let passed = 0;
  let failed = 0;
  for (const audit of serverAudits({ url, fetchFn })) {
    if (await runAudit(audit)) passed += 1;
    else failed += 1;
  }
  const complete = passed + failed >= EXPECTED_AUDITS;
  if (!complete) console.log(`only ${passed + failed} audits ran, at least ${EXPECTED_AUDITS} were expected`);
  console.log(`${passed} passed, ${failed} failed`);
  return complete && failed === 0;
}

/** The GraphQL address of a server given by its own address, or by the full one. */
function graphqlUrl(text) {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new Problem(`'${text}' is not an http(s) URL`);
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/graphql';
  return url.href;
}

async function auditBinary(binary) {
  if (!existsSync(binary)) {
    throw new Problem(`there is no ${binary}: build it with cargo build, or name another binary or --url`);
  }
  const server = await startServer(binary, mkdtempSync(path.join(tmpdir(), 'pulse-graphql-http-')));
  try {
    const passed = await runAudits(graphqlUrl(server.address));
    if (!passed) console.error(['the last lines of the server:', ...server.output.slice(-40)].join('\n  '));
    return passed;
  } finally {
    await stopServer(server.child);
  }
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({ options: { url: { type: 'string' } }, allowPositionals: true });
    if (positionals.length > 1 || (values.url !== undefined && positionals.length > 0)) {
      throw new Problem('give one binary, or --url URL');
    }
    return { url: values.url && graphqlUrl(values.url), binary: positionals[0] ?? process.env.PULSE_BIN ?? DEFAULT_BINARY };
  } catch (error) {
    console.error(`${error.message}\nusage: node audit.mjs [BINARY] | --url URL`);
    process.exit(2);
  }
}

const { url, binary } = readArguments();
try {
  const passed = await (url ? runAudits(url) : auditBinary(path.resolve(binary)));
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
