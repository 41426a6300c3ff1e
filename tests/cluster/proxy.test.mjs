// What the faults rest on: a proxy that stalls, drops, resets and forgets as it says.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Proxy } from './proxy.mjs';

/** How long nothing must come while nothing may. */
const SILENCE_MS = 100;

/** An echo behind a proxy. */
async function echo() {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await Proxy.to(server.address().port);
  after(async () => {
    await proxy.close();
    server.close();
  });
  return proxy;
}

async function connect(proxy) {
  const socket = net.connect(proxy.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function says(socket, word) {
  socket.write(word);
  const [heard] = await once(socket, 'data');
  assert.equal(String(heard), word);
}

const silent = async (socket) => {
  const outcome = await Promise.race([once(socket, 'data'), once(socket, 'close'), pause(SILENCE_MS, 'nothing')]);
  assert.equal(outcome, 'nothing');
};

test('it passes on what it held back', async () => {
  const proxy = await echo();
  const socket = await connect(proxy);
  await says(socket, 'one');
  proxy.stall();
  socket.write('two');
  const late = await connect(proxy);
  late.write('three');
  await Promise.all([silent(socket), silent(late)]);
  const heard = Promise.all([once(socket, 'data'), once(late, 'data')]);
  await proxy.pass();
  assert.deepEqual((await heard).map(String), ['two', 'three']);
  socket.destroy();
  late.destroy();
});

test('it refuses while it drops', async () => {
  const proxy = await echo();
  const socket = await connect(proxy);
  await says(socket, 'one');
  const closed = once(socket, 'close');
  await proxy.drop();
  await closed;
  const [refusal] = await once(net.connect(proxy.port, '127.0.0.1'), 'error');
  assert.equal(refusal.code, 'ECONNREFUSED');
  await proxy.pass();
  const again = await connect(proxy);
  await says(again, 'two');
  again.destroy();
});

test('it resets, and serves new connections', async () => {
  const proxy = await echo();
  const socket = await connect(proxy);
  await says(socket, 'one');
  const failed = assert.rejects(once(socket, 'close'), { code: 'ECONNRESET' });
  proxy.reset();
  await failed;
  const again = await connect(proxy);
  await says(again, 'two');
  again.destroy();
});

test('what it has lost stays silent, and new connections are served', async () => {
  const proxy = await echo();
  const socket = await connect(proxy);
  await says(socket, 'one');
  proxy.stall();
  await proxy.lose();
  socket.write('two');
  await silent(socket);
  const again = await connect(proxy);
  await says(again, 'three');
  socket.destroy();
  again.destroy();
});
