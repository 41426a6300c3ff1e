// Fastify with Mercurius: GraphQL compiled by graphql-jit, subscriptions over its own in-memory emitter.
import { makeExecutableSchema } from '@graphql-tools/schema';
import { createVerifier } from 'fast-jwt';
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { resolvers, typeDefs } from './lib/graphql.mjs';
import { bearer, settings, versions } from './lib/start.mjs';
import { openStore } from './lib/store.mjs';

versions('fastify', 'mercurius', 'graphql-jit', 'graphql', 'better-sqlite3', 'pg', 'fast-jwt');

const store = await openStore(process.env);
const verify = createVerifier({ key: process.env.JWT_SECRET, algorithms: ['HS256'], cache: true });
const topic = (userId) => `activity:${userId}`;

const app = Fastify({ bodyLimit: 64 * 1024 });
app.decorateRequest('viewer', null);
app.addHook('onRequest', async (request, reply) => {
  // A WebSocket brings its token in `connection_init`.
  if (request.headers.upgrade) return;
  try {
    request.viewer = verify(bearer(request.headers.authorization)).sub;
  } catch {
    await reply.code(401).send({ error: 'no token that can be trusted', code: 'UNAUTHENTICATED' });
  }
});

app.register(mercurius, {
  schema: makeExecutableSchema({
    typeDefs,
    resolvers: resolvers(
      store,
      (activity, { pubsub }) => pubsub.publish({ topic: topic(activity.userId), payload: activity }),
      (userId, { pubsub }) => pubsub.subscribe(topic(userId)),
    ),
  }),
  jit: 1,
  context: (request) => ({ viewer: request.viewer }),
  subscription: {
    onConnect: ({ payload }) => ({ viewer: verify(bearer(payload?.authorization)).sub }),
  },
});

await app.listen({ port: settings.port, host: settings.host });
