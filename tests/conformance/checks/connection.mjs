// Checks of the connection: its subprotocol, its initialisation, the messages it takes, pings, and WebSocket below it.

import { OPCODE, Unexpected, frame } from '../socket.mjs';
import { SUBPROTOCOL, textFrame } from '../peer.mjs';

const CONVENTION = 'the close code is the npm package\'s; the text of the protocol leaves open how a server refuses';

const negotiation = [
  {
    id: 'N1',
    name: 'the subprotocol is chosen where it is the only one offered',
    async run(audit) {
      const { socket } = await audit.connect();
      if (socket.protocol !== SUBPROTOCOL) throw new Unexpected(`'${socket.protocol}' was chosen`);
    },
  },
  {
    id: 'N2',
    name: 'the subprotocol is chosen from several',
    async run(audit) {
      const peer = await audit.connect({ protocols: ['unknown-protocol', SUBPROTOCOL] });
      if (peer.socket.protocol !== SUBPROTOCOL) throw new Unexpected(`'${peer.socket.protocol}' was chosen`);
      await peer.init(audit.profile.init);
    },
  },
  {
    id: 'N3',
    name: 'no subprotocol: closed with 4406',
    optional: CONVENTION,
    async run(audit) {
      const peer = await audit.connect({ protocols: [] });
      if (peer.socket.protocol !== undefined) throw new Unexpected(`'${peer.socket.protocol}' was chosen from none`);
      await peer.closes(4406, 'Subprotocol not acceptable');
    },
  },
  {
    id: 'N4',
    name: 'only an unknown subprotocol: closed with 4406',
    optional: CONVENTION,
    async run(audit) {
      const peer = await audit.connect({ protocols: ['unknown-protocol'] });
      if (peer.socket.protocol !== undefined) throw new Unexpected(`'${peer.socket.protocol}' was chosen`);
      await peer.closes(4406, 'Subprotocol not acceptable');
    },
  },
];

const initialisation = [
  {
    id: 'I0',
    name: 'the server does not speak first',
    run: async (audit) => (await audit.connect()).nothing(),
  },
  {
    id: 'I1',
    name: 'connection_init without a payload is acknowledged',
    skip: ({ profile }) => profile.init && 'the profile needs a payload',
    run: async (audit) => (await audit.connect()).init(),
  },
  {
    id: 'I2',
    name: 'connection_init with a payload of null is acknowledged',
    skip: ({ profile }) => profile.init && 'the profile needs a payload',
    run: async (audit) => (await audit.connect()).init(null),
  },
  {
    id: 'I3',
    name: 'connection_init with an object as its payload is acknowledged',
    run: async (audit) => (await audit.connect()).init(audit.profile.init ?? {}),
  },
  ...[['I4', 'a string', 'text'], ['I5', 'an array', []]].map(([id, what, payload]) => ({
    id,
    name: `connection_init with ${what} as its payload: closed with 4400`,
    async run(audit) {
      const peer = await audit.connect();
      peer.send({ type: 'connection_init', payload });
      await peer.closes(4400);
    },
  })),
  {
    id: 'I6',
    name: 'a second connection_init: closed with 4429',
    async run(audit) {
      const peer = await audit.open();
      peer.send({ type: 'connection_init', payload: audit.profile.init });
      await peer.closes(4429, 'Too many initialisation requests');
    },
  },
  {
    id: 'I7',
    name: 'a second connection_init that does not wait for the first one\'s answer: closed with 4429',
    async run(audit) {
      const peer = await audit.connect();
      const init = { type: 'connection_init', payload: audit.profile.init };
      peer.send(init, init);
      await peer.closes(4429, 'Too many initialisation requests', { allow: ['connection_ack'] });
    },
  },
  {
    id: 'I8',
    name: 'no connection_init in time: closed with 4408',
    slow: true,
    async run(audit) {
      const peer = await audit.connect();
      await peer.closes(4408, 'Connection initialisation timeout', { timeout: audit.initTimeout });
    },
  },
  {
    id: 'I9',
    name: 'pings do not stand for connection_init: closed with 4408',
    slow: true,
    async run(audit) {
      const peer = await audit.connect();
      await peer.barrier();
      await peer.closes(4408, 'Connection initialisation timeout', { timeout: audit.initTimeout });
    },
  },
  {
    id: 'I10',
    name: 'an acknowledged connection outlives the time for connection_init',
    slow: true,
    async run(audit) {
      const peer = await audit.open();
      const { socket } = peer;
      await socket.until(() => socket.closed ?? socket.ended, 'an end', audit.initTimeout).catch(() => undefined);
      if (socket.closed || socket.ended) throw new Unexpected(socket.describe());
      await peer.nothing();
    },
  },
  {
    id: 'I11',
    name: 'a connection_init that the server rejects: closed with 4403, not acknowledged',
    optional: 'the protocol recommends the code',
    needs: 'rejectedInit',
    async run(audit) {
      const peer = await audit.connect();
      peer.send({ type: 'connection_init', payload: audit.profile.rejectedInit });
      await peer.closes(4403, 'Forbidden');
    },
  },
  ...[['I12', 'a query'], ['I13', 'a subscription', 'subscription']].map(([id, what, needs]) => ({
    id,
    name: `${what} before connection_init: closed with 4401`,
    needs,
    async run(audit) {
      const peer = await audit.connect();
      peer.subscribe('1', audit.profile[needs ?? 'query']);
      await peer.closes(4401, 'Unauthorized');
    },
  })),
];

/** A message that closes an acknowledged connection with 4400. */
const refused = ([id, name, message]) => ({
  id,
  name: `${name}: closed with 4400`,
  async run(audit) {
    const peer = await audit.open();
    peer.send(message);
    await peer.closes(4400);
  },
});

const messages = [
  ...[
    ['M1', 'text that is not JSON', 'connection_init'],
    ['M2', 'an empty text', ''],
    ['M3', 'null', 'null'],
    ['M4', 'a number', '42'],
    ['M5', 'a string', '"ping"'],
    ['M6', 'an array', '[{"type":"ping"}]'],
    ['M7', 'an object without a type', {}],
    ['M8', 'a type that is a number', { type: 1 }],
    ['M9', 'a type that is null', { type: null }],
    ['M10', 'an unknown type', { type: 'unknown' }],
    ['M11', 'the old protocol\'s type for a start', { type: 'start', id: '1', payload: { query: '{ __typename }' } }],
    ['M12', 'an unknown type that is longer than a close frame', { type: 'é'.repeat(1000) }],
  ].map(refused),
  {
    id: 'M13',
    name: 'an invalid message before connection_init: closed with 4400',
    async run(audit) {
      const peer = await audit.connect();
      peer.send('{');
      await peer.closes(4400);
    },
  },
  {
    id: 'M14',
    name: 'a binary message: closed with 4400',
    optional: 'the protocol speaks of text, and the reference server reads binary messages as if they were that',
    async run(audit) {
      const peer = await audit.open();
      peer.sendBinary({ type: 'ping' });
      await peer.closes(4400);
    },
  },
  ...[
    ['M15', { type: 'connection_ack' }],
    ['M16', { type: 'next', id: '1', payload: { data: {} } }],
    ['M17', { type: 'error', id: '1', payload: [{ message: 'no' }] }],
  ].map(([id, message]) => ({
    ...refused([id, `${message.type} from the client, though it is the server's to say`, message]),
    optional: 'the type exists in the other direction, and the protocol names no code for that',
  })),
  {
    id: 'M18',
    name: 'what was sent behind an invalid message is not answered',
    async run(audit) {
      const peer = await audit.open();
      peer.send({ type: 'unknown' }, { type: 'ping' }, {
        type: 'subscribe',
        id: '1',
        payload: { query: audit.profile.query },
      });
      await peer.closes(4400);
    },
  },
];

const pings = [
  ...[
    ['P1', 'a ping is answered with a pong', { type: 'ping' }],
    ['P2', 'a ping with a payload is answered with a pong', { type: 'ping', payload: { at: 1 } }],
    ['P3', 'a ping with a payload of null is answered with a pong', { type: 'ping', payload: null }],
  ].map(([id, name, message]) => ({
    id,
    name,
    async run(audit) {
      const peer = await audit.open();
      peer.send(message);
      await peer.receive('pong');
    },
  })),
  {
    id: 'P4',
    name: 'a ping before connection_init is answered with a pong',
    async run(audit) {
      const peer = await audit.connect();
      peer.send({ type: 'ping' });
      await peer.receive('pong');
      await peer.init(audit.profile.init);
    },
  },
  {
    id: 'P5',
    name: 'each of many pings is answered with a pong',
    async run(audit) {
      const peer = await audit.open();
      peer.send(...Array.from({ length: 20 }, () => ({ type: 'ping' })));
      for (let count = 0; count < 20; count += 1) await peer.receive('pong');
      await peer.nothing();
    },
  },
  ...[
    ['P6', 'a pong that no one asked for is taken', { type: 'pong' }],
    ['P7', 'a pong with a payload that no one asked for is taken', { type: 'pong', payload: { at: 1 } }],
  ].map(([id, name, message]) => ({
    id,
    name,
    async run(audit) {
      const peer = await audit.open();
      peer.send(message);
      await peer.nothing();
    },
  })),
  {
    id: 'P8',
    name: 'a pong before connection_init is taken',
    async run(audit) {
      const peer = await audit.connect();
      peer.send({ type: 'pong' });
      await peer.init(audit.profile.init);
    },
  },
  ...[
    ['P9', 'a ping with a string as its payload', { type: 'ping', payload: 'text' }],
    ['P10', 'a ping with an array as its payload', { type: 'ping', payload: [] }],
    ['P11', 'a pong with a string as its payload', { type: 'pong', payload: 'text' }],
  ].map(refused),
];

const websocket = [
  {
    id: 'W1',
    name: 'a close frame is answered with one, and the connection ends',
    async run(audit) {
      const peer = await audit.open();
      peer.socket.close(1000, 'Normal Closure');
      await peer.closes(1000);
    },
  },
  {
    id: 'W2',
    name: 'a close frame ends running operations without a message',
    needs: 'subscription',
    async run(audit) {
      const peer = await audit.open();
      peer.subscribe('1', audit.profile.subscription);
      await peer.nothing();
      peer.socket.close(1000);
      await peer.closes(1000);
    },
  },
  {
    id: 'W3',
    name: 'a close frame before connection_init is answered with one',
    async run(audit) {
      const peer = await audit.connect();
      peer.socket.close(1000);
      await peer.closes(1000);
    },
  },
  {
    id: 'W4',
    name: 'a message in several frames is read as one',
    async run(audit) {
      const peer = await audit.open();
      peer.sendSplit({ type: 'ping' });
      await peer.receive('pong');
    },
  },
  {
    id: 'W5',
    name: 'a WebSocket ping is answered with its data, also between the frames of a message',
    async run(audit) {
      const peer = await audit.open();
      peer.sendSplit({ type: 'ping' }, frame(OPCODE.ping, 'data'));
      await peer.receive('pong');
      await peer.socket.until(() => peer.socket.pongs.length > 0, 'a pong frame');
      if (peer.socket.pongs[0] !== 'data') throw new Unexpected(`a pong frame with '${peer.socket.pongs[0]}'`);
    },
  },
  {
    id: 'W6',
    name: 'text that is not UTF-8 ends the connection unanswered',
    async run(audit) {
      const peer = await audit.open();
      peer.socket.write(frame(OPCODE.text, Buffer.from([0x7b, 0xff, 0x7d])), textFrame({ type: 'ping' }));
      await peer.socket.until(() => peer.socket.ended, 'the end of the connection');
      const { closed } = peer.socket;
      if (closed && ![1007, 4400].includes(closed.code)) throw new Unexpected(peer.socket.describe());
    },
  },
];

export const connectionChecks = [...negotiation, ...initialisation, ...messages, ...pings, ...websocket];
