// Real clients, each set up as its documentation says, behind one set of verbs:
//
//   request(query, variables)            resolves with the data, or fails
//   subscribe(query, variables, sink)    calls sink.next(data), sink.error(error), sink.complete(); gives how to stop
//   dispose()
//
// `token` is asked for at every connection. A client that reconnects by itself `reconnects`; of the others, a new
// subscription is asked for.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { SubscriptionClient } from 'subscriptions-transport-ws';
import WebSocket from 'ws';
import { resuming } from './resuming.mjs';

// Node 20 has none of its own, and Apollo's link looks at it when an operation fails.
globalThis.WebSocket ??= WebSocket;

/** GraphQL errors that a client hands over as a result. */
export class ResultErrors extends Error {
  constructor(errors) {
    super(errors.map(({ message }) => message).join(', '));
    this.errors = errors;
  }
}

/** The codes of an error, whatever the client has made of it. */
export function codes(error) {
  const errors = error?.errors ?? error?.graphQLErrors ?? (Array.isArray(error) ? error : [error]);
  return errors.map((single) => single?.extensions?.code).filter(Boolean);
}

/** Hands a GraphQL result to a sink of data. */
function deliver(result, sink) {
  if (result.errors) sink.error(new ResultErrors(result.errors));
  else sink.next(result.data);
}

/** The one result of an operation of a client that has only subscriptions. */
function once(client, query, variables) {
  return new Promise((resolve, reject) => {
    client.subscribe({ query, variables }, {
      next: (result) => deliver(result, { next: resolve, error: reject }),
      error: reject,
      complete: () => reject(new Error('complete without a result')),
    });
  });
}

const bearer = async (token) => ({ authorization: `Bearer ${await token()}` });

function wsClient({ socketUrl, token }) {
  return resuming(createWsClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: () => bearer(token),
    retryWait: async () => {},
  }));
}

function graphqlWs(server) {
  const client = wsClient(server);
  return {
    request: (query, variables) => once(client, query, variables),
    subscribe: (query, variables, sink) => client.subscribe({ query, variables }, {
      ...sink,
      next: (result) => deliver(result, sink),
    }),
    dispose: () => client.dispose(),
  };
}

/** What urql and its exchanges have in common. */
function urql(exchange, { url, fetchOptions, fetchSubscriptions }, dispose = () => {}) {
  const client = new Client({ url, fetchOptions, fetchSubscriptions, exchanges: [exchange], preferGetMethod: false });
  const result = ({ data, error, hasNext }, sink) => {
    if (error) sink.error(error);
    // The end is said by repeating the last data.
    else if (!hasNext) sink.complete();
    else sink.next(data);
  };
  return {
    async request(query, variables) {
      const run = query.startsWith('mutation') ? client.mutation : client.query;
      const { data, error } = await run.call(client, query, variables);
      if (error) throw error;
      return data;
    },
    subscribe(query, variables, sink) {
      const { unsubscribe } = client.subscription(query, variables).subscribe((value) => result(value, sink));
      return unsubscribe;
    },
    dispose,
  };
}

function urqlWs(server) {
  const socket = wsClient(server);
  const exchange = subscriptionExchange({
    enableAllOperations: true,
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
    }),
  });
  return urql(exchange, server, () => socket.dispose());
}

/** urql over server-sent events. Its options are read at every request, and cannot wait for a token. */
async function urqlSse({ url, token }) {
  let headers = await bearer(token);
  const renew = async () => { headers = await bearer(token); };
  const client = urql(fetchExchange, { url, fetchOptions: () => ({ headers }), fetchSubscriptions: true });
  return { ...client, renew };
}

function apollo(link, dispose = () => {}) {
  const client = new ApolloClient({
    link,
    cache: new InMemoryCache(),
    defaultOptions: { query: { fetchPolicy: 'no-cache' }, mutate: { fetchPolicy: 'no-cache' } },
  });
  return {
    async request(query, variables) {
      const { data } = query.startsWith('mutation')
        ? await client.mutate({ mutation: gql(query), variables })
        : await client.query({ query: gql(query), variables });
      return data;
    },
    subscribe(query, variables, sink) {
      const results = client.subscribe({ query: gql(query), variables, fetchPolicy: 'no-cache' });
      const subscription = results.subscribe({
        next: ({ data, error }) => (error ? sink.error(error) : sink.next(data)),
        error: sink.error,
        complete: sink.complete,
      });
      return () => subscription.unsubscribe();
    },
    dispose() {
      client.stop();
      dispose();
    },
  };
}

function apolloWs(server) {
  const socket = wsClient(server);
  return apollo(new GraphQLWsLink(socket), () => socket.dispose());
}

function apolloMultipart({ url, token }) {
  const authorize = new SetContextLink(async ({ headers }) => ({ headers: { ...headers, ...await bearer(token) } }));
  return apollo(ApolloLink.from([authorize, new HttpLink({ uri: url })]));
}

function legacy({ socketUrl, token }) {
  const client = new SubscriptionClient(socketUrl, {
    lazy: true,
    reconnect: true,
    connectionParams: () => bearer(token),
  }, WebSocket);
  client.onError(() => {});
  const source = resuming({
    subscribe(request, sink) {
      const subscription = client.request(request).subscribe(sink);
      return () => subscription.unsubscribe();
    },
  });
  return {
    request: (query, variables) => once(source, query, variables),
    subscribe: (query, variables, sink) => source.subscribe({ query, variables }, {
      ...sink,
      next: (result) => deliver(result, sink),
    }),
    dispose: () => client.close(),
  };
}

function graphqlSse({ url, token }) {
  const client = resuming(createSseClient({ url, headers: () => bearer(token), retry: async () => {} }));
  return {
    request: (query, variables) => once(client, query, variables),
    subscribe: (query, variables, sink) => client.subscribe({ query, variables }, {
      ...sink,
      next: (result) => deliver(result, sink),
    }),
    dispose: () => client.dispose(),
  };
}

/** Reads the events of a stream: its fields by name, those of comments and keep-alives apart. */
async function* eventsOf(body) {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const lines = block.split('\n').filter((line) => !line.startsWith(':')).map((line) => line.split(/: ?(.*)/s));
      if (lines.length > 0) yield Object.fromEntries(lines.map(([name, value]) => [name, value ?? '']));
    }
  }
}

/** What a browser's EventSource does: GET, the same address again after a break, and `Last-Event-ID`. */
function eventSource({ url, token }) {
  const controllers = new Set();
  async function follow(query, variables, sink, controller) {
    let last;
    for (;;) {
      const address = `${url}?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`;
      const headers = { accept: 'text/event-stream', ...await bearer(token), ...(last && { 'last-event-id': last }) };
      const response = await fetch(address, { headers, signal: controller.signal });
      if (!response.ok) throw new ResultErrors((await response.json()).errors);
      for await (const { event, data, id } of eventsOf(response.body)) {
        last = id ?? last;
        if (event === 'complete') return sink.complete();
        if (event === 'next') deliver(JSON.parse(data), sink);
      }
    }
  }
  function subscribe(query, variables, sink) {
    const controller = new AbortController();
    controllers.add(controller);
    follow(query, variables, sink, controller).catch((error) => {
      if (!controller.signal.aborted) sink.error(error);
    });
    return () => controller.abort();
  }
  return {
    request: (query, variables) => new Promise((next, error) => {
      subscribe(query, variables, { next, error, complete: () => error(new Error('complete without a result')) });
    }),
    subscribe,
    dispose: () => controllers.forEach((controller) => controller.abort()),
  };
}

export const adapters = [
  { name: 'graphql-ws', transport: 'ws', create: graphqlWs, reconnects: true },
  { name: 'urql', transport: 'ws', create: urqlWs, reconnects: true },
  { name: 'Apollo', transport: 'ws', create: apolloWs, reconnects: true },
  { name: 'subscriptions-transport-ws', transport: 'ws', create: legacy, reconnects: true },
  { name: 'graphql-sse', transport: 'sse', create: graphqlSse, reconnects: true },
  { name: 'EventSource', transport: 'sse', create: eventSource, reconnects: true, reads: true },
  { name: 'urql', transport: 'sse', create: urqlSse, reconnects: false },
  { name: 'Apollo', transport: 'multipart', create: apolloMultipart, reconnects: false },
];
