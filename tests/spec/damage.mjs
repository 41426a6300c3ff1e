// Texts that are nearly documents.

import { Lexer, Source, TokenKind } from 'graphql';

/** A text with a token or two left out, doubled, exchanged or replaced. */
export function damaged(query, random) {
  const { below, pick } = random;
  const tokens = tokensOf(query);
  for (let edits = 1 + below(2); edits > 0 && tokens.length > 0; edits -= 1) {
    const at = below(tokens.length);
    const other = below(tokens.length);
    pick([
      () => tokens.splice(at, 1),
      () => tokens.splice(at, 0, pick(WORDS)),
      () => {
        tokens[at] = pick(WORDS);
      },
      () => tokens.splice(at, 0, tokens[at]),
      () => {
        [tokens[at], tokens[other]] = [tokens[other], tokens[at]];
      },
    ])();
  }
  return tokens.join(' ');
}

const WORDS = [
  'activities',
  'id',
  'total',
  '{',
  '}',
  '(',
  ')',
  '...',
  'on',
  'fragment',
  'query',
  '$a',
  ':',
  '=',
  '!',
  '@',
  'true',
  'null',
  '"x"',
  '1',
  '[',
  ']',
  'Query',
  'Activity',
  'F0',
  '|',
  '&',
  '"""',
  'input',
  'type',
  'Int',
  'skip',
];

function tokensOf(text) {
  const lexer = new Lexer(new Source(text));
  const tokens = [];
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance())
      tokens.push(text.slice(token.start, token.end));
  } catch {
    // A literal that was written wrong: what comes before it serves as well.
  }
  return tokens;
}
