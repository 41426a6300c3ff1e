#!/usr/bin/env node
// What a node pays for a client that comes back: TCP, WebSocket handshake, connection_init with a token, and a
// subscription that resumes from a cursor.
//
//   npm ci && node bench/accepts.mjs target/release/pulse [clients] [database URL]
//
// It prints processor time of the server per client, which does not depend on what else the machine does, and the
// resident memory that each leaves. One client process drives it, so the rate of clients is no measure of the server.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { startPulse, token } from '../tests/conformance/server.mjs';

const require = createRequire(new URL('../tests/proxy/package.json', import.meta.url));
const { WebSocket } = require('ws');

const [binary, wanted = '5000', database] = process.argv.slice(2);
const AT_ONCE = 64;
const TICKS = Number(execFileSync('getconf', ['CLK_TCK']));
const QUERY = 'subscription ($after: String) { activityCreated(after: $after) { id title cursor } }';

if (!binary) {
  console.error('usage: node bench/accepts.mjs BINARY [CLIENTS] [DATABASE_URL]');
  process.exit(2);
}

const settings = { NODE_ENV: 'production', RUST_LOG: 'warn', ...(database && { DATABASE_URL: database }) };
// It says its address at the level of info.
const server = await startPulse(binary, { ...settings, RUST_LOG: 'warn,pulse::telemetry=info' });
const process_ = `/proc/${server.child.pid}`;

/** Seconds of processor time so far. */
function processorTime() {
  const fields = readFileSync(`${process_}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Resident bytes. */
function resident() {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${process_}/status`, 'utf8'))[1]) * 1024;
}

const user = (number) => `storm-${number}`;

/** One event a user, so that there is a cursor before it and something to bring. */
async function write(number) {
  const authorization = `Bearer ${token(user(number))}`;
  const page = await (await fetch(`${server.address}/api/activities/${user(number)}?limit=1`, { headers: { authorization } })).json();
  const body = JSON.stringify({ type: 'login', title: 'while it was away' });
  const made = await fetch(`${server.address}/api/activities`, { method: 'POST', body, headers: { authorization, 'content-type': 'application/json' } });
  if (made.status !== 201) throw new Error(`a write was answered ${made.status}`);
  return page.cursor;
}

function comeBack(number, after) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.address.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws', { perMessageDeflate: false });
    const send = (message) => socket.send(JSON.stringify(message));
    socket.on('open', () => send({ type: 'connection_init', payload: { token: token(user(number)) } }));
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (message.type === 'connection_ack') send({ type: 'subscribe', id: '1', payload: { query: QUERY, variables: { after } } });
      else if (message.type === 'next') resolve(socket);
      else if (message.type === 'ping') send({ type: 'pong' });
      else reject(new Error(`an unexpected ${data}`));
    });
    socket.on('error', reject);
  });
}

/** Runs `step` for each number, some at a time; results in order. */
async function each(count, step) {
  const results = [];
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) {
      const number = next;
      next += 1;
      results[number] = await step(number);
    }
  }));
  return results;
}

const clients = Number(wanted);
const cursors = await each(clients + AT_ONCE, write);
// What the first ones bring about is no cost of a client.
const first = await each(AT_ONCE, (number) => comeBack(clients + number, cursors[clients + number]));
const [time, memory, began] = [processorTime(), resident(), Date.now()];
const sockets = await each(clients, (number) => comeBack(number, cursors[number]));
const [spent, grown, took] = [processorTime() - time, resident() - memory, (Date.now() - began) / 1000];
const micros = (spent / clients) * 1e6;
console.log(`${clients} clients came back, each with one missed event, on ${database ? 'PostgreSQL' : 'SQLite'}`);
console.log(`  server      ${micros.toFixed(0)} us of processor time each: ${(1e6 / micros).toFixed(0)} a second per core`);
console.log(`  memory      ${(grown / clients).toFixed(0)} resident bytes each`);
console.log(`  this run    ${(clients / took).toFixed(0)} a second, with the client on the same machine`);
for (const socket of [...first, ...sockets]) socket.terminate();
await server.stop();
process.exit(0);
