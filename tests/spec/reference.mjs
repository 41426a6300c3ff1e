// The reference: graphql-js on the schema that the server exports, with resolvers over what the server holds.

import {
  GraphQLError,
  Kind,
  MaxIntrospectionDepthRule,
  buildSchema,
  execute,
  getOperationAST,
  parse,
  specifiedRules,
  subscribe,
  validate,
} from 'graphql';
import { VIEWER } from './fixture.mjs';

/** Stands for a value that only the server knows: an id, a time, a cursor of something new. */
export const ANY = '\u0000any';

/** How a request ended. All but `executed` come before the execution; `source` is of subscriptions alone. */
export const VERDICTS = ['parse', 'validation', 'operation', 'variables', 'source', 'executed'];

/** Those of the specification alone; how deep introspection may go is Pulse's own. */
const RULES = specifiedRules.filter((rule) => rule !== MaxIntrospectionDepthRule);

const MAX_PAGE = 200;

/** An error of the domain: the request was well-formed. */
const refuse = (message) => {
  throw new GraphQLError(message);
};

/** The errors of a document that is parsed. */
export function validateDocument(schema, document) {
  try {
    return validate(schema, document, RULES);
  } catch (error) {
    // A rule of graphql-js 16 evaluates @skip of subscriptions without their variables.
    return [error];
  }
}

export class Reference {
  constructor(sdl) {
    this.schema = buildSchema(sdl);
    takeTextsOnly(this.schema.getType('DateTime'));
    takeTextsOnly(this.schema.getType('Date'));
    for (const [name, field] of Object.entries(this.schema.getSubscriptionType().getFields())) {
      field.subscribe = (_, args, context) => {
        context.follows = args.userId ?? VIEWER;
        return SUBSCRIPTIONS[name](args, this.data);
      };
    }
  }

  /** What fields are resolved from, as `readFixture` has it. */
  use(data) {
    this.data = data;
  }

  /**
   * Parses, validates and executes: `{ verdict, message, locations }` where that fails, else `{ verdict, data, errors }`;
   * `kind`, `document` and `operation` where they are known, and of a subscription whom it `follows`.
   */
  async answer({ query, variables, operationName }) {
    let document;
    try {
      document = parse(query);
    } catch (error) {
      return refused('parse', error);
    }
    const errors = validateDocument(this.schema, document);
    if (errors.length > 0) return { document, ...refused('validation', ...errors) };
    const operation = getOperationAST(document, operationName);
    if (!operation) return { document, ...refused('operation', new GraphQLError('which operation')) };
    const kind = operation.operation;
    const context = {};
    const request = {
      schema: this.schema,
      document,
      variableValues: variables ?? {},
      operationName,
      contextValue: context,
    };
    const answer = await (kind === 'subscription' ? first(request) : run(request, kind, this.data));
    return { kind, document, operation, ...context, ...answer };
  }
}

function refused(verdict, ...errors) {
  return {
    verdict,
    message: errors[0].message,
    messages: errors.map((error) => error.message),
    locations: errors[0].locations,
  };
}

function run(request, kind, data) {
  const rootValue = kind === 'query' ? queryRoot(data) : mutationRoot();
  const result = execute({ ...request, rootValue });
  // What fails before the execution has no `data` at all.
  return 'data' in result ? executed(result) : refused('variables', ...result.errors);
}

function executed({ data, errors = [] }) {
  // Objects of graphql-js have no prototype.
  return {
    verdict: 'executed',
    data: JSON.parse(JSON.stringify(data)),
    errors: errors.map(({ path, message, locations }) => ({ path, message, locations })),
  };
}

/** The first event of a subscription. */
async function first(request) {
  let source;
  try {
    source = await subscribe(request);
  } catch (error) {
    // graphql-js 16 has no answer for a subscription whose only field is skipped.
    return refused('source', error);
  }
  if (!(Symbol.asyncIterator in source)) {
    return refused(source.errors[0].path === undefined ? 'variables' : 'source', ...source.errors);
  }
  const { value, done } = await source.next();
  await source.return();
  return done ? { verdict: 'executed', silent: true } : executed(value);
}

function takeTextsOnly(scalar) {
  const text = (value) => {
    if (typeof value !== 'string') throw new GraphQLError(`${scalar.name} takes a text`);
    return value;
  };
  scalar.parseValue = text;
  scalar.parseLiteral = (node) => text(node.kind === Kind.STRING ? node.value : undefined);
}

/** The position and the epoch that a cursor holds. */
function decode(field, cursor) {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== 16 || bytes.toString('base64url') !== cursor || bytes[8] >= 0x80)
    refuse(`${field} is no cursor`);
  return { epoch: bytes.readBigUInt64BE(0), position: bytes.readBigUInt64BE(8) };
}

function checkUser(id) {
  // The characters of the host product's ids, control characters excepted.
  if (id === '' || [...id].length > 128 || /\p{Cc}/u.test(id)) refuse('userId cannot be used');
  return id;
}

const EMPTY = { activities: undefined, notifications: undefined, analytics: null };

function ofUser(data, userId) {
  return data.users.get(checkUser(userId ?? VIEWER)) ?? EMPTY;
}

/** The feed of a user; one who has none stands at position 0 of the database. */
function feedOf(data, userId, name) {
  const found = ofUser(data, userId)[name];
  if (found) return found;
  return { items: [], unreadCount: 0, cursor: data.users.get('nobody')[name].cursor };
}

function checkWindow({ limit, skip }) {
  if (limit < 1) refuse('limit is 1 or more');
  if (skip < 0) refuse('skip is 0 or more');
  return [skip, skip + Math.min(limit, MAX_PAGE)];
}

function page(data, name) {
  return (args) => {
    const [start, end] = checkWindow(args);
    const { items, ...feed } = feedOf(data, args.userId, name);
    return { ...feed, [name]: items.slice(start, end), total: items.length, hasMore: items.length > end };
  };
}

/** https://relay.dev/graphql/connections.htm, newest first. */
function connection(data, name) {
  return ({ userId, first: head, after, last, before, type, unreadOnly }) => {
    if (head != null && last != null) refuse('first and last exclude each other');
    const size = head ?? last ?? 20;
    if (size < 0) refuse('a page has 0 items or more');
    // In the order of the server: a cursor that cannot be read comes before a user that cannot.
    const bounds = {
      after: after == null ? undefined : decode('after', after),
      before: before == null ? undefined : decode('before', before),
    };
    const feed = feedOf(data, userId, name);
    const now = decode('cursor', feed.cursor);
    for (const [field, bound] of Object.entries(bounds)) {
      if (bound && (bound.epoch !== now.epoch || bound.position > now.position)) refuse(`${field} has expired`);
    }
    const at = ({ cursor }) => decode('cursor', cursor).position;
    const matching = feed.items.filter((found) => (type == null || found.type === type) && !(unreadOnly && found.read));
    const within = matching.filter(
      (found) =>
        (!bounds.after || at(found) < bounds.after.position) && (!bounds.before || at(found) > bounds.before.position),
    );
    const newer = bounds.after !== undefined && matching.some((found) => at(found) >= bounds.after.position);
    const older = bounds.before !== undefined && matching.some((found) => at(found) <= bounds.before.position);
    const count = Math.min(size, MAX_PAGE);
    const nodes = last == null ? within.slice(0, count) : within.slice(Math.max(within.length - count, 0));
    const more = within.length > count;
    return {
      pageInfo: {
        hasPreviousPage: newer || (last != null && more),
        hasNextPage: older || (last == null && more),
        startCursor: nodes[0]?.cursor ?? null,
        endCursor: nodes.at(-1)?.cursor ?? null,
      },
      edges: nodes.map((node) => ({ node, cursor: node.cursor })),
      nodes,
    };
  };
}

function queryRoot(data) {
  return {
    activities: page(data, 'activities'),
    activityConnection: connection(data, 'activities'),
    unreadActivityCount: ({ userId }) => feedOf(data, userId, 'activities').unreadCount,
    notifications: page(data, 'notifications'),
    notificationConnection: connection(data, 'notifications'),
    unreadNotificationCount: ({ userId }) => feedOf(data, userId, 'notifications').unreadCount,
    analytics: ({ userId }) => ofUser(data, userId).analytics,
    leaderboard: (args) => {
      const [start, end] = checkWindow(args);
      const all = data.leaderboard;
      return { analytics: all.slice(start, end), total: all.length, hasMore: all.length > end };
    },
    activeUsers: 0,
  };
}

/** Mutations on users that have nothing yet; what happens to one request is seen by its own later fields. */
function mutationRoot() {
  const users = new Map();
  const change =
    (edit) =>
    ({ userId, ...args }) => {
      const user = checkUser(userId ?? VIEWER);
      const stored = users.get(user) ?? {
        userId: user,
        totalLearningHours: 0,
        currentStreak: 0,
        longestStreak: 0,
        logsCreated: 0,
        goalsCompleted: 0,
        skillsAdded: 0,
        weeklyData: [],
        monthlyData: [],
        updatedAt: ANY,
        cursor: ANY,
      };
      const next = { ...stored, ...edit(args, stored) };
      users.set(user, next);
      return next;
    };
  const create =
    (absent) =>
    ({ input }) => {
      const userId = checkUser(input.userId ?? VIEWER);
      if (input.title === '') refuse('a title is not empty');
      return { ...absent, ...input, id: ANY, userId, read: false, cursor: ANY };
    };
  const counters = { LOGS_CREATED: 'logsCreated', GOALS_COMPLETED: 'goalsCompleted', SKILLS_ADDED: 'skillsAdded' };
  return {
    createActivity: create({ description: null, data: null, timestamp: ANY }),
    createNotification: create({ actionUrl: null, createdAt: ANY, expiresAt: ANY }),
    markActivityRead: () => refuse('no such activity'),
    markNotificationRead: () => refuse('no such notification'),
    deleteActivity: () => refuse('no such activity'),
    deleteNotification: () => refuse('no such notification'),
    markAllActivitiesRead: { modifiedCount: 0 },
    markAllNotificationsRead: { modifiedCount: 0 },
    clearNotifications: { deletedCount: 0 },
    initAnalytics: change(() => ({})),
    updateLearningHours: change(({ hours }, stored) => {
      if (hours === 0 || Math.abs(hours) > 1_000_000) refuse('hours cannot be used');
      return { totalLearningHours: Math.max(stored.totalLearningHours + hours, 0) };
    }),
    updateStreak: change(({ currentStreak, longestStreak }, stored) => {
      if (currentStreak < 0 || longestStreak < 0) refuse('streaks are 0 or more');
      return { currentStreak, longestStreak: Math.max(stored.longestStreak, currentStreak, longestStreak) };
    }),
    incrementStat: change(({ statName, incrementBy }, stored) => {
      if (incrementBy === 0) refuse('incrementBy is not 0');
      return { [counters[statName]]: Math.max(stored[counters[statName]] + incrementBy, 0) };
    }),
    addWeeklyData: change(({ date, hoursLogged, logsCount }) => {
      if (hoursLogged < 0 || hoursLogged > 24 || logsCount < 0) refuse('the entry cannot be used');
      return {
        weeklyData: [{ date: date.slice(0, 10), hoursLogged, logsCount }],
        monthlyData: [{ month: date.slice(0, 7), hoursLogged, logsCount }],
      };
    }),
  };
}

/** A cursor that a subscription can go on from. */
function resumable(after, feed) {
  const [asked, now] = [decode('after', after), decode('cursor', feed.cursor)];
  if (asked.epoch !== now.epoch || asked.position > now.position) refuse('after has expired');
  return asked;
}

/** What came after a cursor, oldest first; nothing is known of what comes later. */
function resume(name, field) {
  return async function* events({ userId, after }, data) {
    const feed = feedOf(data, userId, name);
    if (after == null) return;
    const asked = resumable(after, feed);
    const missed = feed.items.filter(({ cursor }) => decode('cursor', cursor).position > asked.position);
    for (const found of missed.reverse()) yield { [field]: found };
  };
}

/** A generator throws when it is read first; a source stream that cannot be made fails at once. */
function eager(generate) {
  return async (args, data) => {
    const events = generate(args, data);
    const head = await events.next();
    return (async function* all() {
      if (head.done) return;
      yield head.value;
      yield* events;
    })();
  };
}

const SUBSCRIPTIONS = {
  activityCreated: eager(resume('activities', 'activityCreated')),
  notificationReceived: eager(resume('notifications', 'notificationReceived')),
  analyticsUpdated: eager(async function* states({ userId, after }, data) {
    const feed = feedOf(data, userId, 'activities');
    if (after != null) resumable(after, feed);
  }),
  unreadCounts: eager(async function* counts({ userId }) {
    checkUser(userId ?? VIEWER);
  }),
  activeUsers: eager(async function* counts() {
    /* The count is the server's own. */
  }),
};
