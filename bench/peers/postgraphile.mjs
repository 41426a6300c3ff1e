// PostGraphile: types from the tables of PostgreSQL, and the fields of Pulse's schema by its `extendSchema`.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { postgraphile } from 'postgraphile';
import { TYPES, pgInsertSingle } from 'postgraphile/@dataplan/pg';
import { makePgService } from 'postgraphile/adaptors/pg';
import { context, get, lambda, object, sideEffect } from 'postgraphile/grafast';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { extendSchema } from 'postgraphile/utils';
import { newActivity, window } from './lib/activity.mjs';
import { shapes, target } from './lib/graphql.mjs';
import { bearer, secret, settings, versions } from './lib/start.mjs';

versions('postgraphile', 'graphql', 'pg', 'jsonwebtoken');

// PostGraphile asks for Node 22. This is what it misses in Node 20, which the other peers do with.
Promise.withResolvers ??= function () {
  const deferred = {};
  deferred.promise = new this((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
};

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
await pool.query(readFileSync(new URL('lib/postgraphile.sql', import.meta.url), 'utf8'));

// Names as Pulse has them: `id`, which PostGraphile keeps for nodes, and the values of an enum in capitals.
const names = {
  name: 'PulseNamesPlugin',
  inflection: {
    replace: {
      _attributeName: (previous, _, details) => previous({ ...details, skipRowId: true }),
      enumValue: (previous, _, value, codec) => previous(value, codec).toUpperCase(),
    },
  },
};

const fields = extendSchema(({ pgResources: { activities }, sql }) => {
  const count = ($page, what) =>
    activities
      .find({ user_id: get($page, 'userId') })
      .clone('aggregate')
      .singleAsRecord()
      .select(what, TYPES.int, false);
  // Grafast makes one query of all counts of a page.
  const total = ($page) => count($page, sql`count(*)`);
  const unreadCount = ($page) => count($page, sql`count(*) filter (where not read)`);

  return {
    typeDefs: /* GraphQL */ `
      ${shapes}

      extend type Query {
        activities(userId: ID, limit: Int! = 20, skip: Int! = 0): ActivityPage!
      }

      extend type Mutation {
        createActivity(input: CreateActivityInput!): Activity!
      }
    `,
    objects: {
      Query: {
        plans: {
          activities(_, { $userId, $limit, $skip }) {
            const $asked = object({ viewer: context().get('viewer'), userId: $userId, limit: $limit, skip: $skip });
            return lambda($asked, ({ viewer, userId, limit, skip }) => ({
              userId: target(viewer, userId),
              ...window({ limit, skip }),
            }));
          },
        },
      },
      ActivityPage: {
        plans: {
          activities($page) {
            const $newest = activities.find({ user_id: get($page, 'userId') });
            $newest.orderBy({ attribute: 'timestamp', direction: 'DESC' });
            $newest.orderBy({ attribute: 'id', direction: 'DESC' });
            $newest.setOrderIsUnique();
            $newest.setFirst(get($page, 'limit'));
            $newest.setOffset(get($page, 'skip'));
            return $newest;
          },
          total,
          hasMore: ($page) => lambda([$page, total($page)], ([{ skip, limit }, all]) => skip + limit < all, true),
          unreadCount,
        },
      },
      Mutation: {
        plans: {
          createActivity(_, { $input }) {
            const $checked = sideEffect([context().get('viewer'), $input], ([viewer, input]) =>
              newActivity({ ...input, userId: target(viewer, input.userId) }),
            );
            return pgInsertSingle(activities, {
              id: get($checked, 'id'),
              user_id: get($checked, 'userId'),
              type: get($checked, 'type'),
              title: get($checked, 'title'),
              description: get($checked, 'description'),
              data: get($checked, 'data'),
              timestamp: get($checked, 'timestamp'),
            });
          },
        },
      },
    },
  };
});

function viewerOf(token) {
  try {
    return jwt.verify(bearer(token), secret, { algorithms: ['HS256'] }).sub;
  } catch {
    throw Object.assign(new Error('no token that can be trusted'), { statusCode: 401 });
  }
}

const pgl = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [names, fields],
  // What it makes of a table by itself, apart from the types.
  disablePlugins: ['NodePlugin'],
  schema: {
    defaultBehavior: '-query:resource:list -query:resource:connection -query:resource:single -insert -update -delete',
  },
  // No settings for row-level security: they would cost every query a transaction, and the viewer is checked above.
  pgServices: [makePgService({ pool, schemas: ['public'] })],
  grafserv: { graphiql: false, maxRequestLength: 64 * 1024 },
  grafast: { context: ({ node }) => ({ viewer: viewerOf(node.req.headers.authorization) }) },
});

const server = createServer();
await pgl.createServ(grafserv).addTo(server);
await pgl.getSchema();
server.listen(settings.port, settings.host);
