// Everything: the audit against the reference server, against servers with a fault each and against Pulse, and the
// clients against Pulse.
//
//   node run.mjs [BINARY] [--transports ws,sse,multipart]
//
// Exit code: 0 all passed, 1 not, 2 wrong usage.

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { audit, loadProfile } from './audit.mjs';
import { TRANSPORTS, parseTransports, runClients } from './clients.mjs';
import { runFaults } from './faults.mjs';
import { runPersisted } from './persisted.mjs';
import { DEFAULT_BINARY, Problem, endOnSignals, socketUrl, startPulse, startReference } from './server.mjs';

async function auditReference() {
  const server = await startReference();
  try {
    return await audit({ url: server.address, profile: await loadProfile('reference') });
  } finally {
    await server.stop();
  }
}

/** Pulse follows what a server may leave out, too. */
async function auditPulse(binary) {
  const server = await startPulse(binary);
  try {
    return await audit({ url: socketUrl(server.address), profile: await loadProfile('pulse'), strict: true });
  } finally {
    await server.stop();
  }
}

async function run({ binary, transports }) {
  if (!existsSync(binary)) throw new Problem(`there is no ${binary}: build it with cargo build, or name another one`);
  const parts = [
    ['the audit against graphql-ws', auditReference],
    ['the audit against faulty servers', runFaults],
    ['the audit against Pulse', () => auditPulse(binary)],
    ['persisted queries of clients against Pulse', () => runPersisted(binary)],
    [`clients over ${transports.join(', ')} against Pulse`, () => runClients({ binary, transports })],
  ];
  const totals = [];
  for (const [name, part] of parts) {
    console.log(`\n# ${name}`);
    totals.push([name, await part()]);
  }
  console.log('\n# in all');
  for (const [name, { ok, FAIL }] of totals) console.log(`${name}: ${ok} passed, ${FAIL} failed`);
  const sum = (kind) => totals.reduce((total, [, counts]) => total + counts[kind], 0);
  console.log(`${sum('ok')} passed, ${sum('FAIL')} failed`);
  return sum('FAIL') === 0;
}

function readArguments() {
  const { values, positionals } = parseArgs({ options: { transports: { type: 'string' } }, allowPositionals: true });
  if (positionals.length > 1) throw new Error('give one binary');
  return { binary: positionals[0] ?? DEFAULT_BINARY, transports: parseTransports(values.transports) };
}

let options;
try {
  options = readArguments();
} catch (error) {
  console.error(`${error.message}\nusage: node run.mjs [BINARY] [--transports ${TRANSPORTS}]`);
  process.exit(2);
}
endOnSignals();
try {
  process.exitCode = (await run(options)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
