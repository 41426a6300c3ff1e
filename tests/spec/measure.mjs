// How large an operation is, by the counts that Pulse bounds: as large as it is written with its fragments spread.

import { Kind, Lexer, Source, TokenKind, visit } from 'graphql';

/** The limits of Pulse that are tested here. */
export const LIMITS = {
  // Of an operation.
  depth: 12,
  introspectionDepth: 20,
  introspectionTurns: 2,
  introspections: 2,
  aliases: 20,
  rootFields: 20,
  fields: 2_000,
  // Of a document.
  tokens: 16_000,
  brackets: 100,
  nesting: 100,
  operations: 100,
  allFields: 4_000,
};

const TURNS = new Set(['fields', 'inputFields', 'interfaces', 'possibleTypes']);

/** The names of the limits that a text is over, or an operation of a valid `document`. */
export function overLimits(text, document) {
  const size = { ...sizeOfText(text), ...(document ? sizeOfDocument(document) : {}) };
  return Object.keys(LIMITS).filter((name) => size[name] > LIMITS[name]);
}

/** Tokens, with comments and each run of blanks, and the deepest pair of brackets. */
function sizeOfText(text) {
  const lexer = new Lexer(new Source(text));
  let [tokens, depth, brackets] = [0, 0, 0];
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
      if (['{', '[', '('].includes(token.kind)) depth += 1;
      if (['}', ']', ')'].includes(token.kind)) depth -= 1;
      brackets = Math.max(brackets, depth);
    }
  } catch {
    // What comes after a token that is none is not looked at.
  }
  for (let { token } = lexer; token?.prev; token = token.prev) {
    tokens += token.prev.end < token.start ? 2 : 1;
  }
  return { tokens, brackets };
}

/** That of the largest operation in each respect: a document is refused for one that is not meant as well. */
function sizeOfDocument(document) {
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const sizes = operations.map((operation) => sizeOf(document, operation));
  const largest = Object.keys(EMPTY).map((name) => [name, Math.max(...sizes.map((size) => size[name]))]);
  const allFields = sizes.reduce((sum, { fields }) => sum + fields, 0);
  return { ...Object.fromEntries(largest), operations: operations.length, allFields };
}

const EMPTY = {
  fields: 0,
  aliases: 0,
  rootFields: 0,
  depth: 0,
  introspectionDepth: 0,
  introspectionTurns: 0,
  introspections: 0,
  nesting: 0,
};

function sizeOf(document, operation) {
  const fragments = new Map(
    document.definitions
      .filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const known = new Map();

  const beside = (one, other) => ({
    fields: one.fields + other.fields,
    aliases: one.aliases + other.aliases,
    rootFields: one.rootFields + other.rootFields,
    depth: Math.max(one.depth, other.depth),
    introspectionDepth: Math.max(one.introspectionDepth, other.introspectionDepth),
    introspectionTurns: Math.max(one.introspectionTurns, other.introspectionTurns),
    introspections: one.introspections + other.introspections,
    nesting: Math.max(one.nesting, other.nesting),
  });

  const nested = (size) => ({ ...size, nesting: size.nesting + 1 });

  const ofField = (field, inside, root) => {
    const name = field.name.value;
    const begins = root && (name === '__schema' || name === '__type');
    const introspects = inside || begins;
    const below = field.selectionSet ? ofSet(field.selectionSet, introspects, false) : EMPTY;
    return {
      fields: below.fields + 1,
      aliases: below.aliases + (field.alias ? 1 : 0),
      rootFields: 1,
      depth: below.depth + (introspects ? 0 : 1),
      introspectionDepth: below.introspectionDepth + (introspects ? 1 : 0),
      introspectionTurns: below.introspectionTurns + (introspects && TURNS.has(name) ? 1 : 0),
      introspections: below.introspections + (begins ? 1 : 0),
      nesting: below.nesting + 1,
    };
  };

  const ofFragment = (name, inside, root) => {
    const key = `${name} ${inside} ${root}`;
    if (!known.has(key)) known.set(key, ofSet(fragments.get(name).selectionSet, inside, root));
    return known.get(key);
  };

  const ofSet = (set, inside, root) =>
    set.selections.reduce((size, selection) => {
      switch (selection.kind) {
        case Kind.FIELD:
          return beside(size, ofField(selection, inside, root));
        case Kind.INLINE_FRAGMENT:
          return beside(size, nested(ofSet(selection.selectionSet, inside, root)));
        default:
          return beside(size, nested(ofFragment(selection.name.value, inside, root)));
      }
    }, EMPTY);

  return ofSet(operation.selectionSet, false, true);
}

/** What an operation selects at its root: fields, fragments, and what is inside of those. */
export function rootSelections(document, operation) {
  const found = [];
  const spread = new Set();
  const collect = (set) => {
    for (const selection of set.selections) {
      found.push(selection);
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      if (selection.kind === Kind.FRAGMENT_SPREAD && !spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragmentOf(document, selection.name.value);
        if (fragment) collect(fragment.selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return found;
}

/** The definitions that an operation reaches: itself, and the fragments that it spreads, directly or not. */
export function reachable(document, operation) {
  const reached = new Set([operation]);
  for (const definition of reached) {
    visit(definition, {
      FragmentSpread(spread) {
        const fragment = fragmentOf(document, spread.name.value);
        if (fragment) reached.add(fragment);
      },
    });
  }
  return [...reached];
}

function fragmentOf(document, wanted) {
  return document.definitions.find(({ kind, name }) => kind === Kind.FRAGMENT_DEFINITION && name.value === wanted);
}
