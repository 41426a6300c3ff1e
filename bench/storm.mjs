#!/usr/bin/env node
// A reconnect storm: how long many clients take to be back after the servers they were on are gone.
//
//   npm ci && node bench/storm.mjs [--clients N] [--seed S] [--svg FILE]
//
// Clients wait and give up by the very code of the web library (web/src/client/timing.ts). The servers are a queue: they
// take up so many clients a second, in order of arrival. Who waits longer than the library does has gone when it is
// their turn, and the servers notice only then. With a limit in front (deploy/haproxy), whoever would wait for more than a
// moment is refused at once, and waits at home. The same seed gives the same numbers.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    svg: { type: 'string' },
  },
});
const CLIENTS = Number(options.clients);
/** A tick of the simulation, in milliseconds. */
const TICK = 10;
/** With a limit, how much work may wait, in seconds. */
const LIMIT = 1;
/** What a client that has gone costs the servers, as a part of one that is there: TCP and the handshake, no database. */
const GONE = 0.3;
/** Clients that the servers take up per second. */
const RATES = [2_500, 5_000, 10_000, 20_000, 50_000, 100_000];
/** When the simulation ends in any case, in milliseconds. */
const LONGEST = 600_000;
/** Where the curve is looked at. */
const PARTS = [0.5, 0.9, 0.99, 1];

const { TIMING, SOCKET_ATTEMPTS, backoff } = await library();

/** The library's times and its backoff, without their types. */
async function library() {
  const file = new URL('../web/src/client/timing.ts', import.meta.url);
  const { transformWithOxc } = await import(createRequire(new URL('../web/package.json', import.meta.url)).resolve('vite'));
  const { code } = await transformWithOxc(readFileSync(file, 'utf8'), 'timing.ts', { sourcemap: false });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Numbers from 0 to 1 that the seed decides: mulberry32. */
function randomness(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lists of clients by the tick at which something happens to them. */
class Calendar {
  #days = [];

  add(time, client) {
    const tick = Math.ceil(time / TICK);
    (this.#days[tick] ??= []).push(client);
  }

  take(tick) {
    const clients = this.#days[tick] ?? [];
    this.#days[tick] = undefined;
    return clients;
  }
}

/**
 * Runs one storm. `lostAt` says when a client notices, in milliseconds; `wait` how long it waits after failures; `limited`
 * whether there is a limit in front.
 */
function storm({ clients, rate, lostAt, wait, limited, random }) {
  const failures = new Uint8Array(clients);
  const began = new Float64Array(clients);
  const served = new Uint8Array(clients);
  const attempts = new Calendar();
  const expiries = new Calendar();
  // Pairs of a client and when its attempt began.
  let queue = [];
  let [head, back, budget, tried, wasted, peak] = [0, 0, 0, 0, 0, 0];
  const curve = [];

  const failed = (client, now, reached) => {
    const before = failures[client];
    failures[client] = Math.min(before + 1, 255);
    // After so many sockets in a row that nobody answered the library tries an event stream, and that at once.
    const atOnce = !reached && before === SOCKET_ATTEMPTS;
    // At the next tick at the earliest: this one's attempts are under way.
    attempts.add(now + Math.max(TICK, atOnce ? 0 : wait(before, random)), client);
  };
  for (let client = 0; client < clients; client += 1) attempts.add(lostAt(random) + wait(0, random), client);
  failures.fill(1);

  for (let tick = 0; back < clients && tick * TICK <= LONGEST; tick += 1) {
    const now = tick * TICK;
    const arriving = attempts.take(tick);
    tried += arriving.length;
    peak = Math.max(peak, (arriving.length * 1000) / TICK);
    for (const client of arriving) {
      if (limited && (queue.length - head) / 2 >= rate * LIMIT) {
        failed(client, now, true);
        continue;
      }
      began[client] = now;
      queue.push(client, now);
      expiries.add(now + TIMING.connect, client);
    }
    // Who still waits has waited long enough.
    for (const client of expiries.take(tick)) {
      if (!served[client] && now - began[client] >= TIMING.connect) failed(client, now, false);
    }
    budget = Math.min(budget + (rate * TICK) / 1000, rate);
    while (head < queue.length) {
      const [client, since] = [queue[head], queue[head + 1]];
      const isThere = !served[client] && began[client] === since && now - since < TIMING.connect;
      const cost = isThere ? 1 : GONE;
      if (budget < cost) break;
      budget -= cost;
      head += 2;
      if (isThere) {
        served[client] = 1;
        back += 1;
      } else {
        wasted += 1;
      }
    }
    if (head > 4e6) [queue, head] = [queue.slice(head), 0];
    curve.push(back);
  }
  const when = PARTS.map((part) => {
    const tick = curve.findIndex((count) => count >= part * clients);
    return tick < 0 ? Infinity : (tick * TICK) / 1000;
  });
  return { when, tried, wasted, peak, curve };
}

const full = (failures, random) => backoff(failures, random);
/** What many clients do instead: the same growing wait for everybody. */
const none = (failures) => Math.min(TIMING.reconnectMax, TIMING.reconnectBase * 2 ** failures);
const SCENARIOS = [
  // A kill, seen at once.
  { name: 'every server is killed; a limit in front', share: 1, lostAt: () => 0, wait: full, limited: true },
  { name: 'every server is killed; no limit', share: 1, lostAt: () => 0, wait: full, limited: false },
  { name: 'every server is killed; a limit, and waits that are the same for all', share: 1, lostAt: () => 0, wait: none, limited: true },
  // A zone without a word: the library asks a silent socket whether it is alive.
  { name: 'one of three zones is cut off without a word; a limit', share: 1 / 3, lostAt: (random) => random() * TIMING.keepAlive + TIMING.pong, wait: full, limited: true },
  // SIGTERM: sockets are closed over four seconds.
  { name: 'one of ten nodes ends by SIGTERM; no limit', share: 1 / 10, lostAt: (random) => random() * 4_000, wait: full, limited: false },
];

const time = (seconds) => (Number.isFinite(seconds) ? (seconds < 100 ? seconds.toFixed(1) : seconds.toFixed(0)) : `> ${LONGEST / 1000}`) ;
const curves = [];
console.log(`${CLIENTS.toLocaleString('en')} clients in all, seed ${options.seed}; seconds until so many are back`);
for (const { name, share, lostAt, wait, limited } of SCENARIOS) {
  const clients = Math.round(CLIENTS * share);
  console.log(`\n${name}: ${clients.toLocaleString('en')} clients`);
  console.log(`  ${'taken up a second'.padEnd(18)}${['half', '90 %', '99 %', 'all', 'at best', 'attempts', 'gone', 'peak/s'].map((word) => word.padStart(10)).join('')}`);
  for (const rate of RATES) {
    const outcome = storm({ clients, rate, lostAt, wait, limited, random: randomness(Number(options.seed)) });
    const cells = [...outcome.when.map(time), time(clients / rate), (outcome.tried / clients).toFixed(2), outcome.wasted, Math.round(outcome.peak)];
    console.log(`  ${rate.toLocaleString('en').padEnd(18)}${cells.map((cell) => String(cell).padStart(10)).join('')}`);
    if (name === SCENARIOS[0].name) curves.push({ rate, curve: outcome.curve, clients });
  }
}
if (options.svg) writeFileSync(options.svg, plot(curves));

/** The part of the clients that is back over time, a line for each rate. */
function plot(lines) {
  const [width, height, left, right, top, bottom] = [760, 420, 60, 150, 40, 50];
  const longest = Math.max(...lines.map(({ curve }) => curve.length)) * TICK / 1000;
  const last = Math.min(longest, 500);
  const x = (seconds) => left + (seconds / last) * (width - left - right);
  const y = (part) => top + (1 - part) * (height - top - bottom);
  const colours = ['#7a1f1f', '#b5521b', '#b58900', '#4f8a10', '#1f6f8b', '#3b3fa0'];
  const text = (at, up, words, more = '') => `<text x="${at.toFixed(1)}" y="${up.toFixed(1)}" ${more}>${words}</text>`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#222">`,
    '<title>How many clients are back after every server was killed</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(left, 22, `${lines[0].clients.toLocaleString('en')} clients after every server was killed, with a limit in front: the part that is back`, 'font-size="14"'),
  ];
  for (let step = 0; step <= 4; step += 1) {
    const part = step / 4;
    parts.push(`<path d="M${left} ${y(part)}H${width - right}" stroke="#ddd"/>`, text(left - 8, y(part) + 4, `${part * 100} %`, 'text-anchor="end"'));
  }
  for (let seconds = 0; seconds <= last; seconds += last > 200 ? 100 : 20) {
    parts.push(text(x(seconds), height - bottom + 18, `${seconds} s`, 'text-anchor="middle"'));
  }
  lines.forEach(({ rate, curve, clients }, index) => {
    const points = [];
    for (let tick = 0; tick < curve.length && tick * TICK <= last * 1000; tick += Math.max(1, Math.floor(curve.length / 160))) {
      points.push(`${x((tick * TICK) / 1000).toFixed(1)},${y(curve[tick] / clients).toFixed(1)}`);
    }
    const end = Math.min((curve.length * TICK) / 1000, last);
    points.push(`${x(end).toFixed(1)},${y(curve[Math.min(curve.length - 1, Math.floor((last * 1000) / TICK))] / clients).toFixed(1)}`);
    const colour = colours[index % colours.length];
    parts.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    parts.push(text(width - right + 12, top + 20 + index * 20, `${rate.toLocaleString('en')} a second`, `fill="${colour}"`));
  });
  parts.push('</svg>', '');
  return parts.join('\n');
}
