// Runs every audit of graphql-http (GraphQL over HTTP: each MUST, SHOULD and MAY) against a Pulse server.
//
//   node audit.mjs [BINARY]     starts the binary ($PULSE_BIN, or target/debug/pulse) on a free port, a fresh database
//   node audit.mjs --url URL    audits a server that runs already
//
// A recommendation that is not followed fails too. Exit code: 0 all passed, 1 not, 2 wrong usage.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { serverAudits } from 'graphql-http';
import { DEFAULT_BINARY, Problem, endOnSignals, startPulse } from '../conformance/server.mjs';

const EXPECTED_AUDITS = 61; // graphql-http 1.23.1; a later one may have more
const REQUEST_MS = 5_000;

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
  const server = await startPulse(binary);
  try {
    const passed = await runAudits(graphqlUrl(server.address));
    if (!passed) console.error(['the last lines of the server:', ...server.output.slice(-40)].join('\n  '));
    return passed;
  } finally {
    await server.stop();
  }
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({ options: { url: { type: 'string' } }, allowPositionals: true });
    if (positionals.length > 1 || (values.url !== undefined && positionals.length > 0)) {
      throw new Problem('give one binary, or --url URL');
    }
    return { url: values.url && graphqlUrl(values.url), binary: positionals[0] ?? DEFAULT_BINARY };
  } catch (error) {
    console.error(`${error.message}\nusage: node audit.mjs [BINARY] | --url URL`);
    process.exit(2);
  }
}

const { url, binary } = readArguments();
endOnSignals();
try {
  const passed = await (url ? runAudits(url) : auditBinary(path.resolve(binary)));
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
