// Holds an answer of Pulse to the one of the reference.

import { ANY } from './reference.mjs';

/** Pulse has one code for all that is read and cannot be executed: GRAPHQL_VALIDATION_FAILED. */
const SAME_CODE = { operation: 'validation', variables: 'validation' };

/**
 * What is wrong with the answer `actual`: undefined, or `{ kind, detail }`, where `kind` is
 * `taken`: refused by the reference alone; `refused`: by Pulse alone; `verdict`: by both, for different reasons;
 * `result` and `error`: executed, with other data, or other places of errors; `form`: the answer is not well-formed.
 */
export function difference({ request, expected, actual, deviations = [] }) {
  const other = otherAnswer({ request, expected, actual, deviations });
  if (other) return other;
  const form = misformed(actual);
  return form && { kind: 'form', detail: form };
}

function otherAnswer({ request, expected, actual, deviations }) {
  if (deviations.length > 0) {
    const verdicts = deviations.flatMap((deviation) => deviation.verdicts);
    return verdicts.includes(actual.verdict)
      ? undefined
      : { kind: 'deviation', detail: `${deviations[0].name}: ${verdicts.join(' or ')} was expected` };
  }
  // A cursor of the future is one of the past after some pokes, so only documents that mind that are compared.
  if (expected.verdict === 'source') return request.topic === 'random' ? undefined : refusedToStart(actual);
  const executed = [expected, actual].map(({ verdict }) => verdict === 'executed');
  if (executed[0] !== executed[1]) return { kind: executed[0] ? 'refused' : 'taken' };
  if (!executed[0]) {
    const verdict = SAME_CODE[expected.verdict] ?? expected.verdict;
    return actual.verdict === verdict
      ? undefined
      : { kind: 'verdict', detail: `${verdict}, and not ${actual.verdict}` };
  }
  return isCompared(request, expected) ? otherResult(request, expected, actual) : undefined;
}

/** Mutations of random documents do what nothing else knows, and what a subscription tells without a cursor is its own. */
function isCompared(request, { kind, silent }) {
  return kind === 'mutation' ? request.compare === true : !silent;
}

/** A subscription that cannot start says why: https://spec.graphql.org/draft/#sec-Source-Stream */
function refusedToStart({ verdict, data }) {
  return verdict === 'executed' && data !== null ? { kind: 'taken' } : undefined;
}

function misformed({ verdict, status, errors }) {
  // Of a stream there is no status.
  const wanted = verdict === 'executed' ? 200 : 400;
  if (status !== undefined && status !== wanted) return `status ${status}, and not ${wanted}`;
  if (errors.length > 20) return `${errors.length} errors`;
  for (const { message, locations = [], extensions } of errors) {
    if (typeof message !== 'string' || message === '' || /[\n\r]/.test(message))
      return `the message ${JSON.stringify(message)} is not one line`;
    if (message.length > 500) return `a message of ${message.length} characters`;
    if (typeof extensions?.code !== 'string') return `no code at ${JSON.stringify(message)}`;
    if (!locations.every(({ line, column }) => line >= 1 && column >= 1))
      return `a place of ${JSON.stringify(message)} starts at 1`;
  }
  return undefined;
}

function otherResult(request, expected, actual) {
  if (!isSame(expected.data, actual.data)) return { kind: 'result' };
  const [ours, theirs] = [
    places(actual.errors),
    places(expected.errors.map((error) => inCharacters(request.query, error))),
  ];
  if (
    !isSame(
      theirs.map(({ path }) => path),
      ours.map(({ path }) => path),
    )
  )
    return { kind: 'error', detail: `paths ${show(ours)}, and not ${show(theirs)}` };
  const differs = ours.some(
    ({ location }, index) => location && theirs[index].location && !isSame(theirs[index].location, location),
  );
  return differs ? { kind: 'error', detail: `places ${show(ours)}, and not ${show(theirs)}` } : undefined;
}

const show = (value) => JSON.stringify(value);

function places(errors) {
  const found = errors.map(({ path, locations }) => ({
    path: show(path ?? []),
    location: locations?.[0] && { line: locations[0].line, column: locations[0].column },
  }));
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** graphql-js counts columns in UTF-16 units, Pulse in characters. */
function inCharacters(query, error) {
  const lines = query.split(/\r\n|[\n\r]/);
  return {
    ...error,
    locations: error.locations?.map(({ line, column }) => ({
      line,
      column: [...lines[line - 1].slice(0, column - 1)].length + 1,
    })),
  };
}

/** Deeply equal, with members in the same order; ANY is anything but null. */
export function isSame(expected, actual) {
  if (expected === ANY) return actual !== null && actual !== undefined;
  if (expected === null || actual === null || typeof expected !== 'object' || typeof actual !== 'object')
    return expected === actual;
  if (Array.isArray(expected) !== Array.isArray(actual)) return false;
  const [names, others] = [Object.keys(expected), Object.keys(actual)];
  return (
    names.length === others.length &&
    names.every((name, index) => name === others[index] && isSame(expected[name], actual[name]))
  );
}
