// The part of Pulse's GraphQL schema that is measured. `DateTime` and `JSON` pass through as they are.
import { BadInput, TYPES, newActivity, window } from './activity.mjs';

/** The types that every server has beside `Activity`. */
export const shapes = /* GraphQL */ `
  type ActivityPage {
    activities: [Activity!]!
    total: Int!
    hasMore: Boolean!
    unreadCount: Int!
  }

  input CreateActivityInput {
    userId: ID
    type: ActivityType!
    title: String!
    description: String
    data: JSON
  }
`;

export const typeDefs = /* GraphQL */ `
  scalar DateTime
  scalar JSON

  enum ActivityType { ${TYPES.map((type) => type.toUpperCase()).join(' ')} }

  type Activity {
    id: ID!
    userId: ID!
    type: ActivityType!
    title: String!
    description: String
    data: JSON
    timestamp: DateTime!
    read: Boolean!
  }

  ${shapes}

  type Query {
    activities(userId: ID, limit: Int! = 20, skip: Int! = 0): ActivityPage!
  }

  type Mutation {
    createActivity(input: CreateActivityInput!): Activity!
  }

  type Subscription {
    activityCreated(userId: ID): Activity!
  }
`;

/** Whose things are meant: the viewer's own, or those of the user that is named and must be the same. */
export function target(viewer, userId) {
  if (!viewer) throw new BadInput('authorization', 'a token is needed');
  if (userId && userId !== viewer) throw new BadInput('userId', 'another user');
  return viewer;
}

/** Resolvers over a store; `publish(activity, context)` and `subscribe(userId, context)` are the server's own. */
export function resolvers(store, publish, subscribe) {
  return {
    ActivityType: Object.fromEntries(TYPES.map((type) => [type.toUpperCase(), type])),
    Query: {
      activities: (_, { userId, ...page }, { viewer }) => store.page(target(viewer, userId), window(page)),
    },
    Mutation: {
      async createActivity(_, { input }, context) {
        const userId = target(context.viewer, input.userId);
        const activity = await store.create(newActivity({ ...input, userId }));
        publish(activity, context);
        return activity;
      },
    },
    Subscription: {
      activityCreated: {
        subscribe: (_, { userId }, context) => subscribe(target(context.viewer, userId), context),
        resolve: (activity) => activity,
      },
    },
  };
}
