// What ends a socket, and what happens then: kills, shutdowns, limits, and clients that are gone without a word.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import {
  CLIENTS, Client, Durable, activeUsers, createActivity, eventually, openSockets, rest, serve, token,
} from './support.mjs';

/** A client as an old app has it, with the one line that makes it resume; notes the titles it hears. */
function resuming(io, server, options = {}) {
  let after;
  const seen = [];
  const client = new Client(io, server, { ...options, auth: (give) => give({ after }) });
  client.socket.on('activity:created', (activity) => {
    after = activity.cursor;
    seen.push(activity.title);
  });
  client.socket.on('connect', () => client.socket.emit('user:login', 'ada'));
  return { client, seen };
}

for (const [version, io] of Object.entries(CLIENTS)) {
  for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    describe(`${version} over ${transports.join(', then ')}`, () => {
      test('a server that is killed and started again is found again, and nothing is lost or doubled', async () => {
        const server = await Durable.start();
        const { seen } = resuming(io, server, { transports });
        await eventually('the login', async () => (await activeUsers(server)) === 1);
        const expected = [];
        for (let round = 0; round < 3; round += 1) {
          for (const title of [`before ${round}`, `just before ${round}`]) {
            await createActivity(server, 'ada', title);
            expected.push(title);
          }
          await eventually('the first events', () => seen.length >= expected.length - 1);
          await server.end('SIGKILL');
          await server.again();
          await createActivity(server, 'ada', `after ${round}`);
          expected.push(`after ${round}`);
          await eventually('what was missed', () => seen.length >= expected.length);
        }
        assert.deepEqual(seen, expected);
      });

      test('at a shutdown clients are closed in a way after which they come back by themselves', async () => {
        const server = await Durable.start();
        const { client, seen } = resuming(io, server, { transports });
        await eventually('the login', async () => (await activeUsers(server)) === 1);
        await createActivity(server, 'ada', 'before');
        await eventually('the event', () => seen.length === 1);
        const began = Date.now();
        assert.equal(await server.end('SIGTERM'), 0);
        assert.ok(Date.now() - began < 10_000, 'the process ended within 10 s');
        const why = await client.next('disconnect');
        assert.ok(['transport close', 'transport error'].includes(why), why);
        await server.again();
        await createActivity(server, 'ada', 'again');
        await eventually('the event after the restart', () => seen.length === 2);
        assert.deepEqual(seen, ['before', 'again']);
      });
    });
  }
}

const io = CLIENTS['socket.io-client 4'];

describe('limits', () => {
  test('events above the rate are refused, each by its acknowledgement, and the socket lives on', async () => {
    const server = await serve({ SOCKETIO_MAX_EVENTS_PER_SECOND: '5' });
    const ada = await new Client(io, server).as('ada');
    const answers = await Promise.all(Array.from({ length: 40 }, () => ada.ask('data:request', 'analytics')));
    const refused = answers.filter((answer) => answer?.code === 'RATE_LIMITED');
    assert.ok(refused.length >= 25 && refused.length <= 35, `${refused.length} of 40 were refused`);
    assert.match(refused[0].error, /Try again/);
    ada.socket.emit('data:request', 'analytics');
    assert.deepEqual((await ada.next('error:message')).code, 'RATE_LIMITED');
    await eventually('a turn', async () => (await ada.ask('data:request', 'analytics')) === null);
  });

  test('a user has so many sockets and no more', async () => {
    const server = await serve({ SOCKETIO_MAX_SOCKETS_PER_USER: '2' });
    const auth = { token: token('ada') };
    const [first] = await Promise.all([1, 2].map(() => new Client(io, server, { auth }).as('ada')));
    const third = new Client(io, server, { auth });
    assert.match((await third.next('connect_error')).message, /^RATE_LIMITED: /);
    await new Client(io, server, { auth: { token: token('bob') } }).as('bob');
    first.socket.close();
    await eventually('a free place', async () => (await openSockets(server)) === 2);
    await new Client(io, server, { auth }).as('ada');
    // Without a token it is the login that counts.
    const guests = await Promise.all([1, 2, 3].map(() => new Client(io, server).connected()));
    const answers = [];
    for (const guest of guests) answers.push(await guest.ask('user:login', 'cleo'));
    assert.deepEqual(answers.map((answer) => answer.code), [undefined, undefined, 'RATE_LIMITED']);
  });

  test('a message above the limit ends the connection, one below it does not', async () => {
    const server = await serve({ WS_MAX_MESSAGE_BYTES: '20000' });
    for (const transports of [['websocket'], ['polling']]) {
      const ada = await new Client(io, server, { transports, reconnection: false }).as('ada');
      const create = (bytes) => ({ type: 'login', title: 't', data: { text: 'x'.repeat(bytes) } });
      assert.equal((await ada.ask('activity:create', create(15_000))).title, 't');
      ada.socket.emit('activity:create', create(30_000));
      await ada.next('disconnect');
    }
    assert.equal((await rest(server, 'GET', '/activities/ada')).total, 2);
  });

  test('a page larger than a message may be still arrives', async () => {
    const server = await serve();
    for (let index = 0; index < 20; index += 1) {
      await createActivity(server, 'ada', `${index}`, { data: { text: 'x'.repeat(15_000) } });
    }
    for (const transports of [['websocket'], ['polling']]) {
      const ada = await new Client(io, server, { transports }).as('ada');
      assert.equal((await ada.ask('data:request', 'activities')).activities.length, 20);
    }
  });

  test('users:status comes at most once a second', async () => {
    const server = await serve();
    const watcher = await new Client(io, server).connected();
    const at = [];
    watcher.socket.on('users:status', () => at.push(Date.now()));
    await Promise.all(Array.from({ length: 8 }, (_, index) => new Client(io, server).as(`user-${index}`)));
    await eventually('the newest status', () => watcher.rest('users:status').at(-1)?.value.activeUsers === 8);
    for (const [index, time] of at.entries()) assert.ok(index === 0 || time - at[index - 1] > 900, `${at}`);
  });

  test('pages of other sites are refused', async () => {
    const server = await serve();
    for (const [origin, expected] of [['http://evil.example', 403], ['http://localhost:3000', 200]]) {
      const response = await fetch(`${server.address}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
      assert.equal(response.status, expected);
      assert.equal(response.headers.get('access-control-allow-origin'), expected === 200 ? origin : null);
    }
    const socket = new WebSocket(`${server.address}/socket.io/?EIO=4&transport=websocket`, { origin: 'http://evil.example' });
    const refused = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
      socket.on('error', resolve);
    });
    assert.equal(refused, 403);
  });

  test('what is not of the protocol gets an answer', async () => {
    const server = await serve();
    for (const query of ['', '?EIO=3&transport=polling', '?EIO=4&transport=pigeon', '?EIO=4&transport=polling&sid=none']) {
      const response = await fetch(`${server.address}/socket.io/${query}`);
      assert.equal(response.status, 400, query);
    }
  });
});

/** A bare connection that joins the room of `user` and then does only what the test does. */
async function bare(server, user) {
  const socket = new WebSocket(`${server.address}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
  const packets = [];
  socket.on('message', (data) => packets.push(String(data)));
  await eventually('the handshake', () => packets.length > 0);
  socket.send('40{}');
  await eventually('the namespace', () => packets.some((packet) => packet.startsWith('40')));
  socket.send(`420["user:login","${user}"]`);
  await eventually('the login', () => packets.some((packet) => packet.startsWith('430')));
  return { socket, packets };
}

describe('clients that are gone without a word', { concurrency: true }, () => {
  test('one that does not answer pings stops counting', async () => {
    const server = await serve();
    const { socket, packets } = await bare(server, 'ada');
    assert.equal(await activeUsers(server), 1);
    const began = Date.now();
    await eventually('the end of the user', async () => (await activeUsers(server)) === 0, 50_000);
    assert.ok(packets.includes('2'), 'it was asked');
    assert.ok(Date.now() - began > 15_000, 'it had time to answer');
    socket.terminate();
  });

  test('one that does not read is closed, keeps little memory busy, and can resume', async () => {
    const server = await serve();
    const start = (await rest(server, 'GET', '/activities/ada')).cursor;
    const { socket } = await bare(server, 'ada');
    socket.pause();
    const before = residentBytes(server);
    for (let index = 0; index < 1_500; index += 1) {
      await createActivity(server, 'ada', `${index}`, { data: { text: 'x'.repeat(15_000) } });
    }
    const grown = residentBytes(server) - before;
    assert.ok(grown < 60e6, `${grown} bytes for 22 MB that nobody read`);
    await eventually('the end of the user', async () => (await activeUsers(server)) === 0, 60_000);
    socket.terminate();
    const ada = new Client(io, server, { auth: { after: start } });
    const seen = [];
    ada.socket.on('activity:created', ({ title }) => seen.push(title));
    await ada.as('ada');
    await eventually('all of them', () => seen.length === 1_500, 60_000);
    assert.deepEqual(seen, Array.from({ length: 1_500 }, (_, index) => `${index}`));
  });
});

/** Resident memory of the server's process, by Linux. */
function residentBytes(server) {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}
