// The events of the door, with both client versions over each transport.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import {
  CLIENTS, Client, TRANSPORTS, activeUsers, createActivity, createNotification, eventually, openSockets, rest, serve, token,
} from './support.mjs';

for (const [version, io] of Object.entries(CLIENTS)) {
  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    const options = transports ? { transports } : {};

    describe(`${version}, ${way}`, () => {
      test('two tabs and another user: each hears of their own, as REST shows it', async () => {
        const server = await serve();
        const [first, second, bob] = [1, 2, 3].map(() => new Client(io, server, options));
        await Promise.all([first.as('ada'), second.as('ada'), bob.as('bob')]);
        assert.equal(await activeUsers(server), 2);

        const data = { minutes: 25, tags: ['rust', { deep: null }], note: 'Über "uns"' };
        const activity = await createActivity(server, 'ada', 'Read a chapter', { description: 'd', data });
        const notification = await createNotification(server, 'ada', 'Well done');
        const analytics = await rest(server, 'PATCH', '/analytics/ada/learning-hours', { hours: 1.5 }, { expect: 200 });
        for (const tab of [first, second]) {
          assert.deepEqual(await tab.next('activity:created'), activity);
          assert.deepEqual(await tab.next('notification:received'), notification);
          assert.deepEqual(await tab.next('analytics:updated'), analytics);
        }
        const other = await createActivity(server, 'bob', 'Another');
        assert.deepEqual(await bob.next('activity:created'), other);
        for (const client of [first, second, bob]) {
          assert.deepEqual(client.rest('activity:created', 'notification:received', 'analytics:updated', 'activity:new'), []);
        }

        first.socket.close();
        await eventually('the end of a tab', async () => (await openSockets(server)) === 2);
        assert.equal(await activeUsers(server), 2, 'one of two tabs changes nothing');
        second.socket.close();
        await eventually('the end of a user', async () => (await activeUsers(server)) === 1);
        await eventually('the newest status', () => bob.rest('users:status').at(-1)?.value.activeUsers === 1);
        for (const { value } of bob.rest('users:status')) {
          assert.equal(value.activeUsers, value.activeCount);
          assert.match(value.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        }
      });

      test('activity:create answers as REST and tells everyone where the feed is public', async () => {
        for (const open of ['true', 'false']) {
          const server = await serve({ PUBLIC_FEED: open });
          const ada = await new Client(io, server, options).as('ada');
          const guest = await new Client(io, server, options).connected();
          const created = await ada.ask('activity:create', { userId: 'ada', type: 'login', title: 'Hello', data: { a: 1 } });
          assert.match(created._id, /^[0-9a-f]{24}$/);
          assert.deepEqual(await ada.next('activity:created'), created);
          const page = await rest(server, 'GET', '/activities/ada');
          assert.deepEqual(page.activities, [created]);
          // Without a userId it is the one who is logged in; without an acknowledgement it happens all the same.
          ada.socket.emit('activity:create', { type: 'login', title: 'Again' });
          assert.equal((await ada.next('activity:created')).userId, 'ada');
          if (open === 'true') {
            for (const client of [ada, guest]) {
              assert.deepEqual(await client.next('activity:new'), created);
              assert.equal((await client.next('activity:new')).title, 'Again');
            }
          } else {
            await guest.ask('data:request', 'nothing');
            assert.deepEqual([...ada.rest('activity:new'), ...guest.rest('activity:new')], []);
          }
        }
      });

      test('data:request brings the first page, twice', async () => {
        const server = await serve();
        const ada = await new Client(io, server, options).as('ada');
        assert.equal(await ada.ask('data:request', 'analytics'), null, 'nothing yet');
        await createActivity(server, 'ada', 'one');
        await createNotification(server, 'ada', 'two');
        await rest(server, 'POST', '/analytics/ada/init', {});
        const pages = {
          activities: await rest(server, 'GET', '/activities/ada'),
          notifications: await rest(server, 'GET', '/notifications/ada'),
          analytics: await rest(server, 'GET', '/analytics/ada'),
        };
        assert.equal(await ada.next('data:analytics'), null);
        for (const [name, expected] of [...Object.entries(pages), ['all', pages]]) {
          assert.deepEqual(await ada.ask('data:request', name), expected);
          assert.deepEqual(await ada.next(`data:${name}`), expected);
          ada.socket.emit('data:request', name);
          assert.deepEqual(await ada.next(`data:${name}`), expected);
        }
      });

      test('a client that gives its last cursor misses nothing and hears nothing twice', async () => {
        const server = await serve();
        let after;
        const seen = [];
        const ada = new Client(io, server, { ...options, auth: (give) => give({ after }) });
        for (const name of ['activity:created', 'notification:received', 'analytics:updated']) {
          ada.socket.on(name, (value) => {
            after = value.cursor;
            seen.push(value.title ?? value.totalLearningHours);
          });
        }
        ada.socket.on('connect', () => ada.socket.emit('user:login', 'ada'));
        await eventually('the login', async () => (await activeUsers(server)) === 1);
        await createActivity(server, 'ada', 'live');
        await eventually('the first event', () => seen.length === 1);
        for (let round = 0; round < 3; round += 1) {
          // The connection is lost, as when a train enters a tunnel; the client comes back by itself.
          const gone = ada.next('disconnect');
          ada.socket.io.engine.close();
          await gone;
          for (let item = 0; item < 70; item += 1) {
            await createActivity(server, 'ada', `a${round}.${item}`);
            if (item % 10 === 0) await createNotification(server, 'ada', `n${round}.${item}`);
          }
          await rest(server, 'PATCH', '/analytics/ada/learning-hours', { hours: 1 }, { expect: 200 });
          ada.socket.connect();
          await eventually('what was missed', () => seen.length === 1 + (round + 1) * 78);
        }
        const expected = ['live'];
        for (let round = 0; round < 3; round += 1) {
          for (let item = 0; item < 70; item += 1) {
            expected.push(`a${round}.${item}`);
            if (item % 10 === 0) expected.push(`n${round}.${item}`);
          }
          expected.push(round + 1);
        }
        assert.deepEqual(seen, expected);
      });
    });
  }

  describe(`${version}: refusals`, () => {
    test('errors come by the acknowledgement, or as error:message with the event', async () => {
      const server = await serve();
      const ada = await new Client(io, server, { auth: { token: token('ada') } }).as('ada');
      for (const [event, payload, code, field] of [
        ['user:login', 'bob', 'FORBIDDEN'],
        ['user:login', '', 'BAD_USER_INPUT', 'userId'],
        ['user:login', { id: 1 }, 'BAD_USER_INPUT', 'userId'],
        ['activity:create', { type: 'login' }, 'BAD_USER_INPUT', 'title'],
        ['activity:create', { type: 'nap', title: 't' }, 'BAD_USER_INPUT', 'type'],
        ['activity:create', { userId: 'bob', type: 'login', title: 't' }, 'FORBIDDEN'],
        ['activity:create', 'text', 'BAD_USER_INPUT'],
        ['data:request', 'everything', 'BAD_USER_INPUT', 'name'],
        ['no:such', {}, 'NOT_FOUND'],
      ]) {
        const answer = await ada.ask(event, payload);
        assert.deepEqual([answer.code, answer.field], [code, field], `${event} ${JSON.stringify(answer)}`);
        assert.match(answer.error, /^(?:userId|[A-Z]).* .*[.?]$/s);
        ada.socket.emit(event, payload);
        const message = await ada.next('error:message');
        assert.deepEqual([message.code, message.event, message.error], [code, event, answer.error]);
      }
      for (const [event, ...parameters] of [
        ['activity:create', { type: 'login', title: 't', data: Buffer.from('bytes') }],
        ['activity:create', { type: 'login', title: 't', data: { deep: [{ picture: new Uint8Array([1, 2, 3]) }] } }],
        ['activity:create', { type: 'login', title: Buffer.from('t') }],
        ['activity:create', { type: 'login', title: 't' }, Buffer.alloc(40_000), Buffer.from('more')],
        ['user:login', Buffer.from('ada')],
        ['data:request', Buffer.from('all')],
        ['no:such', Buffer.from('x')],
      ]) {
        const answer = await ada.ask(event, ...parameters);
        assert.deepEqual([answer.code, answer.field], ['BAD_USER_INPUT', 'data'], `${event} ${JSON.stringify(answer)}`);
        ada.socket.emit(event, ...parameters);
        const message = await ada.next('error:message');
        assert.deepEqual([message.code, message.field, message.event], ['BAD_USER_INPUT', 'data', event]);
      }
      // An object that only looks like a placeholder is JSON like any other.
      const data = { _placeholder: true, num: 0 };
      const kept = await ada.ask('activity:create', { type: 'login', title: 'plain', data });
      assert.deepEqual(kept.data, data);
      await rest(server, 'DELETE', `/activities/${kept._id}`, undefined);
      ada.socket.emit('data:request');
      assert.equal((await ada.next('error:message')).code, 'BAD_USER_INPUT');
      assert.equal((await rest(server, 'GET', '/activities/ada')).total, 0, 'nothing of it was stored');
    });

    test('a token says who comes in', async () => {
      const server = await serve({ NODE_ENV: 'production' });
      for (const [auth, said] of [
        [{}, /^UNAUTHENTICATED: /],
        [{ token: 'nonsense' }, /^UNAUTHENTICATED: /],
        [{ token: 7 }, /^UNAUTHENTICATED: /],
        [{ token: token('ada', { seconds: -10 }) }, /^UNAUTHENTICATED: The token has expired\.$/],
      ]) {
        const client = new Client(io, server, { auth });
        assert.match((await client.next('connect_error')).message, said);
      }
      const ada = await new Client(io, server, { auth: { token: `Bearer ${token('ada')}` } }).as('ada');
      const service = await new Client(io, server, { auth: { token: token('ops', { role: 'service' }) } }).as('ada');
      const bearer = `Bearer ${token('ada')}`;
      const activity = await rest(server, 'POST', '/activities', { type: 'login', title: 't' }, { authorization: bearer });
      for (const client of [ada, service]) assert.deepEqual(await client.next('activity:created'), activity);
      const header = new Client(io, server, { extraHeaders: { authorization: bearer }, transports: ['polling'] });
      await header.as('ada');
    });

    test('a socket ends with its token', async () => {
      const server = await serve();
      const ada = await new Client(io, server, { auth: { token: token('ada', { seconds: 3 }) } }).as('ada');
      const message = await ada.next('error:message');
      assert.deepEqual([message.code, message.error], ['UNAUTHENTICATED', 'The token has expired.']);
      assert.equal(await ada.next('disconnect'), 'io server disconnect');
      await eventually('the end of the user', async () => (await activeUsers(server)) === 0);
    });

    test('a cursor that does not serve is told, and what is new comes all the same', async () => {
      const server = await serve();
      const other = await serve();
      const foreign = (await createActivity(other, 'ada', 'elsewhere')).cursor;
      for (const [after, code] of [[foreign, 'CURSOR_EXPIRED'], ['nonsense', 'BAD_USER_INPUT']]) {
        const ada = await new Client(io, server, { auth: { after } }).as('ada');
        const message = await ada.next('error:message');
        assert.deepEqual([message.code, message.field, message.event], [code, 'after', 'user:login']);
        const activity = await createActivity(server, 'ada', 'new');
        assert.deepEqual(await ada.next('activity:created'), activity);
      }
    });

    test('a socket may change its user', async () => {
      const server = await serve();
      const client = await new Client(io, server).as('ada');
      assert.equal((await client.ask('user:login', 'ada')).activeUsers, 1);
      assert.equal((await client.ask('user:login', 'bob')).activeUsers, 1);
      await createActivity(server, 'ada', 'not for bob');
      const activity = await createActivity(server, 'bob', 'for bob');
      assert.deepEqual(await client.next('activity:created'), activity);
      assert.deepEqual(client.rest('activity:created'), []);
    });
  });
}

test('one count of active users over both kinds of sockets, by user', async () => {
  const server = await serve();
  const counts = [];
  const graphql = await graphqlSocket(server, token('ada'));
  graphql.subscribe('subscription { activeUsers }', ({ activeUsers: count }) => counts.push(count));
  await eventually('the count at once', () => counts.at(-1) === 1);
  const io = CLIENTS['socket.io-client 4'];
  const ada = await new Client(io, server).as('ada');
  assert.equal(await activeUsers(server), 1, 'the same user by another door');
  const bob = await new Client(io, server).as('bob');
  await eventually('the change', () => counts.at(-1) === 2);
  const { data } = await (await fetch(`${server.address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ activeUsers }' }),
  })).json();
  assert.deepEqual(data, { activeUsers: 2 });
  await eventually('the status', () => bob.rest('users:status').at(-1)?.value.activeUsers === 2);
  ada.socket.close();
  await eventually('the end of the socket', async () => (await openSockets(server)) === 2);
  assert.equal(await activeUsers(server), 2, 'the socket of GraphQL still counts');
  graphql.close();
  await eventually('the status', () => bob.rest('users:status').at(-1)?.value.activeUsers === 1);
});

/** A socket of `graphql-transport-ws` that is acknowledged. */
async function graphqlSocket(server, authorization) {
  const socket = new WebSocket(`${server.address}/graphql/ws`, 'graphql-transport-ws');
  const listeners = new Map();
  let acknowledged = false;
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } })));
  socket.on('message', (text) => {
    const message = JSON.parse(text);
    acknowledged ||= message.type === 'connection_ack';
    if (message.type === 'next') listeners.get(message.id)(message.payload.data);
  });
  await eventually('the acknowledgement', () => acknowledged);
  return {
    subscribe(query, listener) {
      listeners.set('1', listener);
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
    },
    close: () => socket.close(),
  };
}
