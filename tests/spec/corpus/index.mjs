// The hand-written documents, by topic. An entry is a document, or `[document, variables]`, or a whole request:
// `{ query, variables, rawVariables, operationName }`, with `compare: true` for a mutation whose result is compared.

import connections from './connections.mjs';
import directives from './directives.mjs';
import introspection from './introspection.mjs';
import literals from './literals.mjs';
import merging from './merging.mjs';
import mutations from './mutations.mjs';
import operations from './operations.mjs';
import selections from './selections.mjs';
import strings from './strings.mjs';
import subscriptions from './subscriptions.mjs';
import syntax from './syntax.mjs';
import variables from './variables.mjs';

const TOPICS = {
  syntax,
  strings,
  literals,
  variables,
  directives,
  selections,
  merging,
  operations,
  introspection,
  connections,
  mutations,
  subscriptions,
};

function toRequest(entry) {
  if (typeof entry === 'string') return { query: entry };
  if (Array.isArray(entry)) return { query: entry[0], variables: entry[1] };
  if (entry.rawVariables === undefined) return entry;
  return { ...entry, variables: JSON.parse(entry.rawVariables) };
}

export const CORPUS = Object.entries(TOPICS).flatMap(([topic, entries]) =>
  entries.map((entry) => ({ topic, ...toRequest(entry) })),
);
