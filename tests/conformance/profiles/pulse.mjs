// What the audit asks a Pulse server for, in development: without a token, a caller acts as a service.

const activity = (title) => `mutation {
  createActivity(input: { userId: "audit", type: LOGIN, title: "${title}" }) { id }
}`;

export default {
  name: 'Pulse',
  /** Seconds that the server waits for connection_init. */
  initTimeout: 10,
  rejectedInit: { authorization: 'Bearer not-a-token' },
  query: '{ unreadActivityCount(userId: "audit") }',
  mutation: activity('A mutation'),
  /** A request whose field fails while it runs. */
  failing: 'mutation { deleteActivity(id: "000000000000000000000000") { id } }',
  subscription: 'subscription { activityCreated(userId: "audit") { id title } }',
  trigger: activity('{mark}'),
  /** A subscription that is valid, and refused all the same. */
  refused: 'subscription { activityCreated(userId: "audit", after: "not-a-cursor") { id } }',
};
