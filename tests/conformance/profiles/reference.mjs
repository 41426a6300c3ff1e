// What the audit asks the reference server for (reference.mjs).

export default {
  name: 'graphql-ws',
  initTimeout: 1,
  rejectedInit: { reject: true },
  query: '{ hello }',
  mutation: 'mutation { publish(text: "A mutation") }',
  failing: '{ failing }',
  subscription: 'subscription { published }',
  trigger: 'mutation { publish(text: "{mark}") }',
  refused: 'subscription { refused }',
  /** A query whose result takes a while. */
  slow: '{ slow }',
  /** A subscription that ends by itself, and what it brings. */
  finite: { document: 'subscription { countdown }', results: [3, 2, 1].map((countdown) => ({ countdown })) },
  /** Rules that it breaks, and why that is no fault of the check. */
  deviations: {
    L9: 'it keeps operations by id alone, so the end of the old one ends the new one that has its id',
  },
};
