// Checks of subscriptions: their events, their end by the client, and whose ids are whose.

import { Unexpected } from '../socket.mjs';
import { MISSING_FIELD, fails, succeeds } from './steps.mjs';

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
      await fails(peer, '1', `{ ${MISSING_FIELD} }`);
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

export const subscriptionChecks = [...subscriptions, ...completions, ...duplicates];
