// The reference server: graphql-js and the npm package graphql-ws on its `ws` adapter. The audit has to agree with it.
//
//   node reference.mjs [PORT]     serves until it is ended

import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import profile from './profiles/reference.mjs';

const SLOW_MS = 200;

const schema = buildSchema(`
  type Query { hello: String! failing: String slow: String! }
  type Mutation { publish(text: String!): Boolean! }
  type Subscription { published: String! countdown: Int! refused: Int! }
`);

/** Texts that are published, for as many readers as there are. */
class Topic {
  #readers = new Set();

  publish(text) {
    for (const reader of this.#readers) reader(text);
  }

  /** What is published from now on. Unlike a generator's, its `return` does not wait for the next text. */
  follow() {
    const texts = [];
    let waiting;
    let ended = false;
    const reader = (text) => {
      if (waiting) waiting({ done: false, value: text });
      else texts.push(text);
      waiting = undefined;
    };
    const end = () => {
      ended = true;
      this.#readers.delete(reader);
      waiting?.({ done: true, value: undefined });
      return Promise.resolve({ done: true, value: undefined });
    };
    this.#readers.add(reader);
    return {
      next() {
        if (texts.length > 0) return Promise.resolve({ done: false, value: texts.shift() });
        if (ended) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve) => { waiting = resolve; });
      },
      return: end,
      throw: end,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

async function* mapped(source, change) {
  for await (const value of source) yield change(value);
}

function resolvers() {
  const topic = new Topic();
  const published = () => {
    const texts = topic.follow();
    const results = mapped(texts, (text) => ({ published: text }));
    return {
      next: () => results.next(),
      return: () => texts.return(),
      throw: () => texts.throw(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };
  return {
    query: {
      hello: 'world',
      failing: () => { throw new Error('it fails'); },
      slow: () => sleep(SLOW_MS, 'done'),
    },
    mutation: {
      publish: ({ text }) => {
        topic.publish(text);
        return true;
      },
    },
    subscription: {
      published,
      countdown: () => mapped([3, 2, 1], (countdown) => ({ countdown })),
      refused: () => { throw new Error('it is refused'); },
    },
  };
}

/** What graphql-ws is told: the schema, and the rules that the profile knows. */
export function serviceOptions() {
  return {
    schema,
    roots: resolvers(),
    connectionInitWaitTimeout: profile.initTimeout * 1000,
    onConnect: ({ connectionParams }) => connectionParams?.reject !== true,
  };
}

/** Serves on a free port, or on `port`; `attach` gives the sockets their protocol. Resolves with how to reach it. */
export async function serve(attach, port = 0) {
  const server = http.createServer((_, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  attach(sockets);
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `ws://127.0.0.1:${server.address().port}/graphql`,
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const port = Number(process.argv[2] ?? 0);
  const { url } = await serve((sockets) => useServer(serviceOptions(), sockets), port);
  console.log(url);
}
