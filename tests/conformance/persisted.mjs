// Persisted queries of real clients: Pulse has none, so each client has to send the text after the first answer.

import { createHash } from 'node:crypto';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { startPulse } from './server.mjs';

const COUNT = 'query Count { activeUsers }';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** fetch, and what was sent with it. */
function recording() {
  const sent = [];
  const fetch = (url, init) => {
    sent.push(`${init?.method ?? 'GET'} ${init?.body ?? decodeURIComponent(String(url))}`);
    return globalThis.fetch(url, init);
  };
  return { sent, fetch };
}

function askWithApollo(uri, useGETForHashedQueries) {
  const { sent, fetch } = recording();
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(new HttpLink({ uri, fetch }));
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const ask = async () => (await client.query({ query: gql(COUNT), fetchPolicy: 'no-cache' })).data;
  return { sent, ask };
}

function askWithUrql(url, preferGetForPersistedQueries) {
  const { sent, fetch } = recording();
  const exchanges = [persistedExchange({ preferGetForPersistedQueries }), fetchExchange];
  const client = new Client({ url, fetch, exchanges, preferGetMethod: false });
  const ask = async () => {
    const { data, error } = await client.query(COUNT, {}, { requestPolicy: 'network-only' }).toPromise();
    if (error) throw error;
    return data;
  };
  return { sent, ask };
}

const CLIENTS = [
  ['Apollo Client by POST', (url) => askWithApollo(url, false)],
  ['Apollo Client by GET', (url) => askWithApollo(url, true)],
  ['urql by POST', (url) => askWithUrql(url, false)],
  ['urql by GET', (url) => askWithUrql(url, true)],
];

/** What is wrong with a client's two queries. */
async function problem({ sent, ask }) {
  for (const time of ['first', 'second']) {
    const data = await ask();
    if (data?.activeUsers !== 0) return `the ${time} query brought ${JSON.stringify(data)}`;
  }
  if (!sent[0].includes('persistedQuery')) return `the first request has no hash: ${sent[0]}`;
  if (!sent.some((request) => request.includes('activeUsers'))) return 'no request had the text';
  return undefined;
}

/** Counts of what passed and what failed. */
export async function runPersisted(binary) {
  const counts = { ok: 0, FAIL: 0 };
  const server = await startPulse(binary);
  try {
    for (const [name, connect] of CLIENTS) {
      const found = await problem(connect(`${server.address}/graphql`)).catch((error) => error.message);
      counts[found ? 'FAIL' : 'ok'] += 1;
      console.log(`${found ? 'FAIL' : 'ok'}  ${name}${found ? `: ${found}` : ''}`);
    }
  } finally {
    await server.stop();
  }
  return counts;
}
