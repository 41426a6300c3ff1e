// Checks of operations: how they are asked for, what they bring, how they end, and how they fail.

import { Unexpected } from '../socket.mjs';
import { show } from '../peer.mjs';
import { MISSING_FIELD, fails, single, succeeds } from './steps.mjs';

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
      const fields = 'yes: __typename @include(if: $yes) no: __typename @skip(if: $yes)';
      const request = { query: `query ($yes: Boolean!) { ${fields} }`, variables: { yes: true } };
      const data = await succeeds(await audit.open(), '1', request);
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
  {
    id: 'O15',
    name: 'a query that takes its time does not hold up another',
    needs: 'slow',
    async run(audit) {
      const peer = await audit.open();
      peer.subscribe('slow', audit.profile.slow);
      await succeeds(peer, 'fast', audit.profile.query);
      await peer.receive('next', 'slow');
      await peer.receive('complete', 'slow');
    },
  },
];

const SYNTAX = 'the protocol speaks of validation; the reference server closes with 4500 on a syntax error';
const REFUSAL = 'the protocol lets a server check permissions first, or execute and send the errors as a result';

const errors = [
  ...[
    ['E1', 'a document that is not GraphQL brings error, and nothing after', '{', undefined, SYNTAX],
    ['E2', 'an invalid query brings error, and nothing after', `{ ${MISSING_FIELD} }`],
    ['E3', 'an invalid mutation brings error, and nothing after', `mutation { ${MISSING_FIELD} }`, 'mutation'],
    ['E4', 'an invalid subscription brings error, and nothing after', `subscription { ${MISSING_FIELD} }`,
      'subscription'],
    ['E5', 'an operationName that the document does not have brings error, and nothing after',
      { query: 'query First { __typename }', operationName: 'Second' }],
    ['E6', 'an empty document brings error, and nothing after', '', undefined, SYNTAX],
    ['E7', 'a refused subscription brings error, and nothing after', undefined, 'refused', REFUSAL],
  ].map(([id, name, payload, needs, optional]) => ({
    id,
    name,
    needs,
    optional,
    run: async (audit) => fails(await audit.open(), '1', payload ?? audit.profile[needs]),
  })),
  {
    id: 'E8',
    name: 'the id is free again after error',
    async run(audit) {
      const peer = await audit.open();
      for (let count = 0; count < 3; count += 1) await fails(peer, '1', `{ ${MISSING_FIELD} }`);
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

export const operationChecks = [...shapes, ...results, ...errors];
