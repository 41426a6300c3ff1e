// GraphQL Yoga with its PubSub, and graphql-ws for subscriptions, put together as Yoga's page on subscriptions does.
import { createServer } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import jwt from 'jsonwebtoken';
import { WebSocketServer } from 'ws';
import { resolvers, typeDefs } from './lib/graphql.mjs';
import { bearer, secret, settings, versions } from './lib/start.mjs';
import { openStore } from './lib/store.mjs';

versions('graphql-yoga', 'graphql-ws', 'ws', 'graphql', 'better-sqlite3', 'jsonwebtoken');

const store = await openStore(process.env);
const viewerOf = (token) => jwt.verify(bearer(token), secret, { algorithms: ['HS256'] }).sub;
const pubSub = createPubSub();

const yoga = createYoga({
  schema: createSchema({
    typeDefs,
    resolvers: resolvers(
      store,
      (activity) => pubSub.publish('activityCreated', activity.userId, activity),
      (userId) => pubSub.subscribe('activityCreated', userId),
    ),
  }),
  logging: 'warn',
  graphqlEndpoint: '/graphql',
  graphiql: { subscriptionsProtocol: 'WS' },
  context: ({ request, viewer }) => ({ viewer: viewer ?? viewerOf(request.headers.get('authorization')) }),
});

const server = createServer(yoga);
const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint });

useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onConnect: ({ extra, connectionParams }) => {
      extra.viewer = viewerOf(connectionParams?.authorization);
    },
    onSubscribe: async ({ extra }, id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        viewer: extra.viewer,
        req: extra.request,
        socket: extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length ? errors : args;
    },
  },
  sockets,
);

server.listen(settings.port, settings.host);
