// Checks of operations: how they are asked for, what they bring, how they end, and whose messages are whose.

import { Unexpected } from '../socket.mjs';
import { show } from '../peer.mjs';

const MISSING_FIELD = 'thisFieldDoesNotExistAnywhere';

/** Runs an operation that has one result: exactly one `next`, then `complete`. Gives the result. */
async function single(peer, id, payload) {
  peer.subscribe(id, payload);
  const { payload: result } = await peer.receive('next', id);
  await peer.receive('complete', id);
  return result;
}

/** The result of `single`, which has to have no errors. */
async function succeeds(peer, id, payload) {
  const result = await single(peer, id, payload);
  if (result.errors) throw new Unexpected(show(result));
  return result.data;
}

/** An operation fails before it starts: one `error`, and nothing after it. */
async function fails(peer, id, payload) {
  peer.subscribe(id, payload);
  await peer.receive('error', id);
  await peer.nothing();
}

const QUERY = '{ __typename }';
const shapes = [
  ['S1', 'a subscribe without an id', { payload: { query: QUERY } }],
  ['S2', 'a subscribe with an empty id', { id: '', payload: { query: QUERY } }],
  ['S3', 'a subscribe with a number as its id', { id: 1, payload: { query: QUERY } }],
  ['S4', 'a subscribe with an id of null', { id: null, payload: { query: QUERY } }],
  ['S5', 'a subscribe without a payload', { id: '1' }],
  ['S6', 'a subscribe with a payload of null', { id: '1', payload: null }],
  ['S7', 'a subscribe with a string as its payload', { id: '1', payload: QUERY }],
  ['S8', 'a subscribe with an array as its payload', { id: '1', payload: [{ query: QUERY }] }],
  ['S9', 'a subscribe without a query', { id: '1', payload: {} }],
  ['S10', 'a query of null', { id: '1', payload: { query: null } }],
  ['S11', 'a query that is an object', { id: '1', payload: { query: {} } }],
  ['S12', 'variables that are a string', { id: '1', payload: { query: QUERY, variables: '{}' } }],
  ['S13', 'variables that are an array', { id: '1', payload: { query: QUERY, variables: [] } }],
  ['S14', 'an operationName that is a number', { id: '1', payload: { query: QUERY, operationName: 1 } }],
  ['S15', 'an operationName that is an object', { id: '1', payload: { query: QUERY, operationName: {} } }],
  ['S16', 'extensions that are a string', { id: '1', payload: { query: QUERY, extensions: '{}' } }],
  ['S17', 'extensions that are an array', { id: '1', payload: { query: QUERY, extensions: [] } }],
  ['S18', 'a complete without an id', { type: 'complete' }],
  ['S19', 'a complete with an empty id', { type: 'complete', id: '' }],
  ['S20', 'a complete with a number as its id', { type: 'complete', id: 1 }],
].map(([id, name, message]) => ({
  id,
  name: `${name}: closed with 4400`,
  async run(audit) {
    const peer = await audit.open();
    peer.send({ type: 'subscribe', ...message });
    await peer.closes(4400);
  },
}));

const results = [
  {
    id: 'O1',
    name: 'a query brings one next, then complete, and nothing after',
    async run(audit) {
      const peer = await audit.open();
      await succeeds(peer, '1', audit.profile.query);
      await peer.nothing();
    },
  },
  {
    id: 'O2',
    name: 'a mutation brings one next, then complete, and nothing after',
    needs: 'mutation',
    async run(audit) {
      const peer = await audit.open();
      await succeeds(peer, '1', audit.profile.mutation);
      await peer.nothing();
    },
  },
  {
    id: 'O3',
    name: 'variables are taken',
    async run(audit) {
      const query = 'query ($yes: Boolean!) { yes: __typename @include(if: $yes) no: __typename @skip(if: $yes) }';
      const data = await succeeds(await audit.open(), '1', { query, variables: { yes: true } });
      if (Object.keys(data).join() !== 'yes') throw new Unexpected(show(data));
    },
  },
  {
    id: 'O4',
    name: 'operationName selects the operation',
    async run(audit) {
      const query = 'query First { first: __typename } query Second { second: __typename }';
      const data = await succeeds(await audit.open(), '1', { query, operationName: 'Second' });
      if (Object.keys(data).join() !== 'second') throw new Unexpected(show(data));
    },
  },
  {
    id: 'O5',
    name: 'operationName, variables and extensions may be null',
    async run(audit) {
      const { query } = audit.profile;
      await succeeds(await audit.open(), '1', { query, operationName: null, variables: null, extensions: null });
    },
  },
  {
    id: 'O6',
    name: 'extensions may be an object',
    run: async (audit) =>
      succeeds(await audit.open(), '1', { query: audit.profile.query, extensions: { trace: { on: true } } }),
  },
  {
    id: 'O7',
    name: 'ids come back as they were sent: other scripts, quotes, line breaks, 100 characters',
    async run(audit) {
      const peer = await audit.open();
      for (const id of ['é漢🙂', '"\\\n\u0000', ' ', 'x'.repeat(100)]) await succeeds(peer, id, audit.profile.query);
    },
  },
  {
    id: 'O8',
    name: 'ids that name something in JavaScript are ids like others',
    async run(audit) {
      const peer = await audit.open();
      const ids = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
      for (const id of ids) await succeeds(peer, id, audit.profile.query);
    },
  },
  {
    id: 'O9',
    name: 'the id of an operation that the server completed is free again',
    async run(audit) {
      const peer = await audit.open();
      for (let count = 0; count < 3; count += 1) await succeeds(peer, '1', audit.profile.query);
    },
  },
  {
    id: 'O10',
    name: 'an error of a field arrives in next, and complete follows',
    needs: 'failing',
    async run(audit) {
      const peer = await audit.open();
      const result = await single(peer, '1', audit.profile.failing);
      if (!result.errors) throw new Unexpected(show(result));
      await peer.nothing();
    },
  },
  {
    id: 'O11',
    name: 'a variable that is missing ends the operation once: error, or next and complete',
    async run(audit) {
      const peer = await audit.open();
      peer.subscribe('1', 'query ($yes: Boolean!) { __typename @include(if: $yes) }');
      const ends = ({ type }) => type === 'error' || type === 'complete';
      const [first, second] = await peer.receiveUntil(ends, 'error or complete');
      const types = [first.type, second?.type].join();
      if (types !== 'error,' && (types !== 'next,complete' || !first.payload.errors)) {
        throw new Unexpected(`${show(first)} and ${show(second ?? 'nothing')}`);
      }
      await peer.nothing();
    },
  },
  {
    id: 'O12',
    name: 'many operations at once: each brings one next, then complete',
    async run(audit) {
      const peer = await audit.open();
      const ids = Array.from({ length: 20 }, (_, index) => `operation-${index}`);
      peer.send(...ids.map((id) => ({ type: 'subscribe', id, payload: { query: audit.profile.query } })));
      let open = ids.length;
      const messages = await peer.receiveUntil(({ type }) => {
        if (type === 'complete') open -= 1;
        return open === 0;
      }, `${ids.length} results`);
      for (const id of ids) {
        const types = messages.filter((message) => message.id === id).map(({ type }) => type);
        if (types.join() !== 'next,complete') throw new Unexpected(`${types.join(', ') || 'nothing'} for '${id}'`);
      }
      await peer.nothing();
    },
  },
  {
    id: 'O13',
    name: 'a finite subscription brings each result in order, then complete',
    needs: 'finite',
    async run(audit) {
      const peer = await audit.open();
      const { document, results: expected } = audit.profile.finite;
      peer.subscribe('1', document);
      for (const data of expected) {
        const { payload } = await peer.receive('next', '1');
        if (JSON.stringify(payload.data) !== JSON.stringify(data)) throw new Unexpected(show(payload));
      }
      await peer.receive('complete', '1');
      await peer.nothing();
    },
  },
  {
    id: 'O14',
    name: 'a query that the client completes before its result brings nothing',
    needs: 'slow',
    async run(audit) {
      const peer = await audit.open();
      peer.subscribe('slow', audit.profile.slow);
      peer.complete('slow');
      // Another one that started later is answered: the first one's result would have come before it.
      await succeeds(peer, 'other', audit.profile.slow);
      await peer.nothing();
    },
  },
];

const errors = [
  ...[
    ['E1', 'a document that is not GraphQL brings error, and nothing after', '{'],
    ['E2', 'an invalid query brings error, and nothing after', `{ ${MISSING_FIELD} }`],
    ['E3', 'an invalid mutation brings error, and nothing after', `mutation { ${MISSING_FIELD} }`, 'mutation'],
    ['E4', 'an invalid subscription brings error, and nothing after', `subscription { ${MISSING_FIELD} }`,
      'subscription'],
    ['E5', 'an operationName that the document does not have brings error, and nothing after',
      { query: 'query First { __typename }', operationName: 'Second' }],
    ['E6', 'a document without an operation brings error, and nothing after', ''],
    ['E7', 'a refused subscription brings error, and nothing after', undefined, 'refused'],
  ].map(([id, name, payload, needs]) => ({
    id,
    name,
    needs,
    run: async (audit) => fails(await audit.open(), '1', payload ?? audit.profile[needs]),
  })),
  {
    id: 'E8',
    name: 'the id is free again after error',
    async run(audit) {
      const peer = await audit.open();
      await fails(peer, '1', `{ ${MISSING_FIELD} }`);
      await fails(peer, '1', '{');
      await succeeds(peer, '1', audit.profile.query);
    },
  },
  {
    id: 'E9',
    name: 'an error leaves other operations alone',
    needs: 'subscription',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, 'live');
      await fails(peer, '1', `{ ${MISSING_FIELD} }`);
      const mark = await audit.fire();
      audit.expectEvent(await peer.receive('next', 'live'), mark);
    },
  },
];

const subscriptions = [
  {
    id: 'L1',
    name: 'an event arrives as next with the subscription\'s id',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, '1');
      const mark = await audit.fire();
      audit.expectEvent(await peer.receive('next', '1'), mark);
    },
  },
  {
    id: 'L2',
    name: 'events arrive in order, each once, and the subscription stays open',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, '1');
      const marks = [];
      for (let count = 0; count < 5; count += 1) marks.push(await audit.fire());
      for (const mark of marks) audit.expectEvent(await peer.receive('next', '1'), mark);
      await peer.nothing();
    },
  },
  {
    id: 'L3',
    name: 'two subscriptions of one connection each bring each event with their own id',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, 'first', 'second');
      const mark = await audit.fire();
      const messages = [await peer.receive('next'), await peer.receive('next')];
      for (const message of messages) audit.expectEvent(message, mark);
      const ids = messages.map(({ id }) => id).sort().join();
      if (ids !== 'first,second') throw new Unexpected(`events for ${ids}`);
      await peer.nothing();
    },
  },
  {
    id: 'L4',
    name: 'a query is answered while a subscription waits, and both go on',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, 'live');
      await succeeds(peer, 'query', audit.profile.query);
      const mark = await audit.fire();
      audit.expectEvent(await peer.receive('next', 'live'), mark);
      await succeeds(peer, 'query', audit.profile.query);
    },
  },
  {
    id: 'L5',
    name: 'a ping is answered while a subscription waits',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, 'live');
      await peer.nothing();
    },
  },
  {
    id: 'L6',
    name: 'the client\'s complete is not echoed',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, '1');
      peer.complete('1');
      await peer.nothing();
      await peer.nothing();
    },
  },
  {
    id: 'L7',
    name: 'no event comes after the client\'s complete, and other subscriptions go on',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, 'stops', 'stays');
      peer.complete('stops');
      await peer.nothing();
      for (let count = 0; count < 3; count += 1) {
        const mark = await audit.fire();
        audit.expectEvent(await peer.receive('next', 'stays'), mark);
      }
      await peer.nothing();
    },
  },
  {
    id: 'L8',
    name: 'the id of a subscription that the client completed is free again, and events come once',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, '1');
      peer.complete('1');
      await peer.nothing();
      await audit.live(peer, '1');
      const mark = await audit.fire();
      audit.expectEvent(await peer.receive('next', '1'), mark);
      await peer.nothing();
    },
  },
  {
    id: 'L9',
    name: 'the id is free at once: complete and subscribe in one write',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, '1');
      const again = { type: 'subscribe', id: '1', payload: { query: audit.profile.subscription } };
      peer.send({ type: 'complete', id: '1' }, again);
      await audit.untilLive(peer, ['1']);
      const mark = await audit.fire();
      audit.expectEvent(await peer.receive('next', '1'), mark);
      await peer.nothing();
    },
  },
  {
    id: 'L10',
    name: 'a subscription that is completed in the write that starts it brings nothing',
    async run(audit) {
      const peer = await audit.open();
      await audit.live(peer, 'live');
      const start = { type: 'subscribe', id: '1', payload: { query: audit.profile.subscription } };
      peer.send(start, { type: 'complete', id: '1' });
      await peer.nothing();
      const mark = await audit.fire();
      audit.expectEvent(await peer.receive('next', 'live'), mark);
      await peer.nothing();
    },
  },
  {
    id: 'L11',
    name: 'one connection\'s complete leaves the same id of another connection alone',
    async run(audit) {
      const [one, other] = [await audit.open(), await audit.open()];
      await audit.live(one, '1');
      await audit.live(other, '1');
      one.complete('1');
      await one.nothing();
      const mark = await audit.fire();
      audit.expectEvent(await other.receive('next', '1'), mark);
      await one.nothing();
    },
  },
  {
    id: 'L12',
    name: 'a connection is told of its own ids only',
    async run(audit) {
      const [one, other] = [await audit.open(), await audit.open()];
      await audit.live(one, 'one');
      await audit.live(other, 'other');
      const mark = await audit.fire();
      audit.expectEvent(await one.receive('next', 'one'), mark);
      audit.expectEvent(await other.receive('next', 'other'), mark);
      await one.nothing();
      await other.nothing();
    },
  },
  {
    id: 'L13',
    name: 'a connection that breaks off leaves others alone',
    async run(audit) {
      const [broken, other] = [await audit.open(), await audit.open()];
      await audit.live(broken, '1');
      await audit.live(other, '1');
      broken.socket.destroy();
      const mark = await audit.fire();
      audit.expectEvent(await other.receive('next', '1'), mark);
      await other.nothing();
    },
  },
].map((check) => ({ ...check, needs: 'subscription' }));

const completions = [
  {
    id: 'C1',
    name: 'a second complete is ignored',
    needs: 'subscription',
    async run(audit) {
      const peer = await audit.open();
      peer.subscribe('1', audit.profile.subscription);
      peer.complete('1');
      peer.complete('1');
      await peer.nothing();
    },
  },
  {
    id: 'C2',
    name: 'a complete for what the server completed is ignored',
    async run(audit) {
      const peer = await audit.open();
      await succeeds(peer, '1', audit.profile.query);
      peer.complete('1');
      await peer.nothing();
    },
  },
  {
    id: 'C3',
    name: 'a complete for what ended with error is ignored',
    async run(audit) {
      const peer = await audit.open();
      await fails(peer, '1', '{');
      peer.complete('1');
      await peer.nothing();
    },
  },
  {
    id: 'C4',
    name: 'a complete for an id that never was is ignored',
    optional: 'the protocol permits to ignore it, and requires that only for operations that were',
    async run(audit) {
      const peer = await audit.open();
      peer.complete('never');
      await peer.nothing();
    },
  },
];

/** An id that runs already is asked for again. */
const duplicate = (payload) => async (audit) => {
  const peer = await audit.open();
  peer.subscribe('the-id', audit.profile.subscription);
  await peer.nothing();
  peer.subscribe('the-id', payload ?? audit.profile.subscription);
  await peer.closes(4409, 'Subscriber for the-id already exists');
};

/** As above, with an id that leaves no room in the reason; the cut may not split a character. */
const longDuplicate = (code) => async (audit) => {
  const peer = await audit.open();
  const id = 'é'.repeat(200);
  peer.subscribe(id, audit.profile.subscription);
  await peer.nothing();
  peer.subscribe(id, audit.profile.subscription);
  await peer.closes(code);
};

const duplicates = [
  ['D1', 'a subscription with the id of a running one: closed with 4409', duplicate()],
  ['D2', 'a query with the id of a running subscription: closed with 4409', duplicate('{ __typename }')],
  ['D3', 'an invalid document with the id of a running subscription: closed with 4409',
    duplicate(`{ ${MISSING_FIELD} }`)],
  ['D4', 'an id that leaves no room in the close frame: closed with a valid one', longDuplicate()],
  ['D5', 'an id that leaves no room in the close frame: still 4409', longDuplicate(4409),
    'the protocol\'s reason does not fit into a close frame then, and it says nothing of that'],
].map(([id, name, run, optional]) => ({ id, name, run, optional, needs: 'subscription' }));

duplicates.push({
  id: 'D6',
  name: 'a second query with the id of one that runs: closed with 4409',
  needs: 'slow',
  async run(audit) {
    const peer = await audit.open();
    const start = { type: 'subscribe', id: 'the-id', payload: { query: audit.profile.slow } };
    peer.send(start, start);
    await peer.closes(4409, 'Subscriber for the-id already exists');
  },
});

export const operationChecks = [...shapes, ...results, ...errors, ...subscriptions, ...completions, ...duplicates];
