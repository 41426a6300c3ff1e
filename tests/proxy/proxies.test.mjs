// deploy/haproxy and deploy/caddy in front of real nodes: sockets, streams, polling, and a roll without a lost event.
// deploy/try-proxy starts it, with TEST_POSTGRES_URL.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { endOnSignals } from '../conformance/server.mjs';
import { ORIGIN, eventually, gauge, startCaddy, startHaproxy, startNats, startNode } from './support.mjs';

const SSE = 'text/event-stream';
const MULTIPART = 'multipart/mixed;subscriptionSpec="1.0", application/json';

let nats;
let nodes;
let haproxy;
let caddy;

endOnSignals();
process.setMaxListeners(100);

before(async () => {
  assert.ok(process.env.TEST_POSTGRES_URL, 'PostgreSQL is needed: run deploy/try-proxy');
  nats = await startNats();
  const settings = { DATABASE_URL: process.env.TEST_POSTGRES_URL, NATS_URL: nats.url };
  nodes = [await startNode(settings), await startNode(settings)];
  haproxy = await startHaproxy(nodes);
  caddy = await startCaddy(nodes[0]);
  await eventually('the nodes behind HAProxy', async () => (await haproxy.ask('GET', '/api/ready').catch(() => ({}))).status === 200);
});

after(async () => {
  await Promise.all([haproxy, caddy].map((front) => front?.stop()));
  await Promise.all((nodes ?? []).map((node) => node.stop()));
  await nats?.stop();
});

const fronts = () => [['HAProxy', haproxy], ['Caddy', caddy]];

test('each door works through each proxy, and results come at once', async () => {
  for (const [name, front] of fronts()) {
    const user = `doors-${name}`;
    const socket = await front.follow(user);
    const events = await front.stream(user, SSE);
    const parts = await front.stream(user, MULTIPART);
    const polling = await front.old(user, { transports: ['polling'] });
    const upgraded = await front.old(user);
    assert.deepEqual([events.status, parts.status], [200, 200], name);
    await eventually('the socket', () => socket.live);
    const began = Date.now();
    for (const title of ['one', 'two', 'three']) assert.ok(await front.create(user, title));
    for (const [door, heard] of Object.entries({ socket, events, parts, polling, upgraded })) {
      await eventually(`${door} through ${name}`, () => heard.titles.length === 3);
      assert.deepEqual(heard.titles, ['one', 'two', 'three'], `${door} through ${name}`);
    }
    // A proxy that waits for a full buffer would pass them on when the stream ends.
    assert.ok(Date.now() - began < 10_000, `${name} kept results back`);
  }
});

test('sockets spread over both nodes, and each hears what is written on either', async () => {
  const users = Array.from({ length: 40 }, (_, number) => `spread-${number}`);
  const before = await Promise.all(nodes.map((node) => gauge(node, 'open_sockets')));
  const followers = await Promise.all(users.map((user) => haproxy.follow(user)));
  for (const follower of followers) await eventually(follower.user, () => follower.live);
  const added = await Promise.all(nodes.map(async (node, index) => (await gauge(node, 'open_sockets')) - before[index]));
  assert.equal(added[0] + added[1], users.length);
  assert.ok(Math.min(...added) >= 10, `${added} on the two nodes`);
  for (const user of users) for (const title of ['a', 'b']) assert.ok(await haproxy.create(user, title));
  for (const follower of followers) {
    await eventually(follower.user, () => follower.titles.length === 2);
    assert.deepEqual(follower.titles, ['a', 'b']);
  }
});

test("Socket.IO's polling stays on one node, with a cookie and without", async () => {
  const clients = [];
  for (let number = 0; number < 8; number += 1) {
    const withCredentials = number % 2 === 0;
    clients.push(await haproxy.old(`polling-${number}`, { transports: ['polling'], withCredentials }));
  }
  for (let round = 0; round < 5; round += 1) {
    for (const [number, client] of clients.entries()) {
      assert.ok(await haproxy.create(`polling-${number}`, String(round)));
      await eventually(`polling-${number}`, () => client.titles.length === round + 1);
    }
  }
  for (const client of clients) assert.deepEqual(client.lost, []);
  // A cookie leads to its node, wherever the address would lead.
  const handshake = await haproxy.ask('GET', '/socket.io/?EIO=4&transport=polling');
  assert.match(handshake.headers['set-cookie'][0], /^PULSE_NODE=[12];.*HttpOnly/i);
  const shares = [];
  for (const number of [1, 2]) {
    const open = await gauge(nodes[number - 1], 'open_sockets');
    const extraHeaders = { cookie: `PULSE_NODE=${number}` };
    for (let count = 0; count < 3; count += 1) {
      await haproxy.old(`cookie-${number}-${count}`, { transports: ['polling'], extraHeaders });
    }
    shares.push((await gauge(nodes[number - 1], 'open_sockets')) - open);
  }
  assert.ok(shares.every((share) => share === 3), `${shares} new sessions on the nodes that the cookies name`);
});

test('what a proxy must not change: origins, limits, ids, gauges', async () => {
  for (const [name, front] of fronts()) {
    assert.equal((await front.ask('GET', '/metrics')).status, 404, name);
    const long = await front.ask('POST', '/api/activities', { body: { userId: 'a', title: 'x'.repeat(70_000) } });
    assert.deepEqual([long.status, JSON.parse(long.text).code], [413, 'PAYLOAD_TOO_LARGE'], name);
    const traced = await front.ask('GET', '/api/health', { headers: { 'x-request-id': 'trace-1' } });
    assert.equal(traced.headers['x-request-id'], 'trace-1', name);
    const preflight = { origin: ORIGIN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const allowed = await front.ask('OPTIONS', '/graphql', { headers: preflight });
    assert.equal(allowed.headers['access-control-allow-origin'], ORIGIN, name);
    for (const [origin, welcome] of [[ORIGIN, true], [front.address, true], ['https://evil.example', false]]) {
      const follower = await front.follow('origins', { origin });
      await eventually(`${origin} through ${name}`, () => (welcome ? follower.live : follower.problem));
      if (!welcome) assert.match(String(follower.problem), /403/);
      follower.ended = true;
      follower.socket.terminate();
    }
  }
});

test('a roll of both nodes loses no event, and those who read see no error', async () => {
  const users = Array.from({ length: 20 }, (_, number) => `roll-${number}`);
  const followers = await Promise.all(users.map((user) => haproxy.follow(user)));
  for (const follower of followers) await eventually(follower.user, () => follower.live);
  const answered = new Map(users.map((user) => [user, []]));
  let rolling = true;
  let refused = 0;
  const writers = users.map(async (user) => {
    for (let number = 0; rolling; number += 1) {
      // What was refused was not written, or that is not known: it is not counted, and may come all the same.
      if (await haproxy.create(user, String(number)).catch(() => false)) answered.get(user).push(String(number));
      else refused += 1;
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  });
  const unread = [];
  const reader = (async () => {
    while (rolling) {
      const { status } = await haproxy.ask('GET', '/api/activities/roll-0');
      if (status !== 200) unread.push(status);
      await new Promise((resolve) => { setTimeout(resolve, 10); });
    }
  })();
  for (const [index, node] of nodes.entries()) {
    const port = new URL(node.address).port;
    const said = haproxy.output.length;
    const held = await gauge(node, 'open_sockets');
    await node.stop();
    assert.equal(node.child.exitCode, 0, node.output.join('\n'));
    assert.ok(held > 0);
    nodes[index] = await startNode({ DATABASE_URL: process.env.TEST_POSTGRES_URL, NATS_URL: nats.url, PORT: port });
    await eventually('the roll of the sockets', () => followers.every((follower) => follower.live));
    // The next node goes only when the proxy counts on this one again.
    const back = `Server nodes/node-${index + 1} is UP`;
    await eventually(back, () => haproxy.output.slice(said).some((line) => line.includes(back)));
  }
  rolling = false;
  await Promise.all([...writers, reader]);
  let events = 0;
  for (const follower of followers) {
    const expected = answered.get(follower.user);
    const missing = () => expected.filter((title) => !follower.titles.includes(title));
    await eventually(follower.user, () => missing().length === 0).catch(() => {
      const { live, closes, problem, titles } = follower;
      assert.fail(`${follower.user} lacks ${missing()}: ${JSON.stringify({ live, closes, problem, last: titles.at(-1) })}`);
    });
    assert.equal(new Set(follower.titles).size, follower.titles.length, 'nothing twice');
    assert.deepEqual(follower.titles, [...follower.titles].sort((one, other) => one - other), 'in order');
    events += expected.length;
  }
  const codes = followers.flatMap((follower) => follower.closes);
  assert.ok(codes.length >= users.length && codes.every((code) => code === 1012), `closed with ${codes}`);
  assert.deepEqual(unread, []);
  console.log(`${events} events answered and heard, ${refused} writes refused, ${codes.length} sockets closed with 1012 and back`);
});

test('more new sockets than the limit are refused at once, and come in one after the other', async () => {
  const limited = await startHaproxy(nodes, 5);
  try {
    await eventually('the proxy', async () => (await limited.ask('GET', '/api/ready').catch(() => ({}))).status === 200);
    const followers = await Promise.all(Array.from({ length: 20 }, (_, number) => limited.follow(`crowd-${number}`)));
    await eventually('a refusal', () => followers.some((follower) => /503/.test(String(follower.problem))));
    for (const follower of followers) await eventually(follower.user, () => follower.live);
    // What is asked and answered is not limited.
    const answers = await Promise.all(Array.from({ length: 20 }, () => limited.ask('GET', '/api/health')));
    assert.ok(answers.every(({ status }) => status === 200));
  } finally {
    await limited.stop();
  }
});

test('a request that ends a node is not asked of the next one', async () => {
  // Nodes that are ready, and end the connection of such a request without a word.
  const asked = [];
  const fakes = [];
  for (let number = 0; number < 2; number += 1) {
    const fake = http.createServer((request, response) => {
      if (request.url === '/api/ready') return void response.end('{"status":"ready","database":"ok"}');
      asked.push(request.url);
      request.socket.destroy();
    });
    await new Promise((listening) => { fake.listen(0, '127.0.0.1', listening); });
    fakes.push({ address: `http://127.0.0.1:${fake.address().port}`, fake });
  }
  const started = [['HAProxy', await startHaproxy(fakes)], ['Caddy', await startCaddy(fakes[0])]];
  const routes = { '/graphql?deadly=1': {}, '/graphql?deadly=2': { accept: SSE }, '/socket.io/?EIO=4': {} };
  try {
    for (const [name, front] of started) {
      await eventually(name, async () => (await front.ask('GET', '/api/ready').catch(() => ({}))).status === 200);
      for (const [route, headers] of Object.entries(routes)) {
        asked.length = 0;
        assert.equal((await front.ask('GET', route, { headers })).status, 502, `${route} through ${name}`);
        assert.deepEqual(asked, [route], name);
      }
    }
  } finally {
    for (const [, front] of started) await front.stop();
    for (const { fake } of fakes) {
      fake.closeAllConnections();
      fake.close();
    }
  }
});

test('a server alone behind Caddy restarts: readers wait, sockets come back', async () => {
  const follower = await caddy.follow('restart');
  await eventually('the socket', () => follower.live);
  assert.ok(await caddy.create('restart', 'before'));
  const port = new URL(nodes[0].address).port;
  await nodes[0].stop();
  assert.ok(await haproxy.create('restart', 'meanwhile'));
  const waiting = caddy.ask('GET', '/api/health');
  nodes[0] = await startNode({ DATABASE_URL: process.env.TEST_POSTGRES_URL, NATS_URL: nats.url, PORT: port });
  assert.equal((await waiting).status, 200);
  await eventually('what was missed', () => follower.titles.length === 2);
  assert.deepEqual(follower.titles, ['before', 'meanwhile']);
});
