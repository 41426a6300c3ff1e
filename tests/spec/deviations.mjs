// Where Pulse deliberately answers otherwise than graphql-js 16. Each deviation says which requests it `applies` to, and
// how Pulse ends those; each of its examples is held to it, so one that is no longer needed fails the test.

import { Kind, TypeInfo, getNamedType, isNonNullType, visit, visitWithTypeInfo } from 'graphql';
import { overLimits, reachable, rootSelections } from './measure.mjs';
import { validateDocument } from './reference.mjs';

/** Null for a place that takes none, by a variable that may be null since the place, or the variable, has a default. */
function hasNullForNonNull({ schema, request, expected: { document, operation } }) {
  if (!operation) return false;
  const isNull = new Map(
    (operation.variableDefinitions ?? []).map(
      ({
        variable: {
          name: { value: name },
        },
        type,
        defaultValue,
      }) => {
        const given = request.variables?.[name];
        const absent = given === undefined && defaultValue?.kind === Kind.NULL;
        return [name, type.kind !== Kind.NON_NULL_TYPE && (given === null || absent)];
      },
    ),
  );
  let found = false;
  for (const definition of reachable(document, operation)) {
    const types = new TypeInfo(schema);
    visit(
      definition,
      visitWithTypeInfo(types, {
        VariableDefinition: () => false,
        Variable({ name }) {
          if (isNonNullType(types.getInputType()) && isNull.get(name.value)) found = true;
        },
      }),
    );
  }
  return found;
}

function hasEndlessFloat(schema, document) {
  let found = false;
  const types = new TypeInfo(schema);
  const look = (node) => {
    const type = getNamedType(types.getInputType());
    if (type?.name === 'Float' && !Number.isFinite(Number(node.value))) found = true;
  };
  visit(document, visitWithTypeInfo(types, { FloatValue: look, IntValue: look }));
  return found;
}

function withoutBlockStrings(document) {
  return visit(document, { StringValue: (node) => ({ ...node, block: false }) });
}

function subscriptions(document) {
  return document?.definitions.filter(({ operation }) => operation === 'subscription') ?? [];
}

const nest = (open, inner, close, levels) => `${open.repeat(levels)}${inner}${close.repeat(levels)}`;
const numbered = (count, part) => Array.from({ length: count }, (_, index) => part(index)).join(' ');

export const DEVIATIONS = [
  {
    name: 'null for a non-null place',
    reason:
      'The specification makes it an error of the field; the request is refused as a whole, before anything is executed, so ' +
      'that no mutation is half done.',
    verdicts: ['validation'],
    applies: (context) => context.expected.verdict === 'executed' && hasNullForNonNull(context),
    examples: [
      { query: 'query($l:Int){activities(userId:"bob",limit:$l){total}}', variables: { l: null } },
      { query: 'query($l:Int=null){activities(userId:"bob",limit:$l){total}}' },
      { query: 'query($l:Int=5){activities(userId:"bob",limit:$l){total}}', variables: { l: null } },
      { query: 'query($i:Boolean=true){activeUsers @include(if:$i)}', variables: { i: null } },
      { query: 'query($s:Int){...F} fragment F on Query{leaderboard(skip:$s){total}}', variables: { s: null } },
    ],
  },
  {
    name: '@skip and @include at the root of a subscription',
    reason:
      'The specification of September 2025 refuses them; graphql-js 16 has no answer where the only field is skipped.',
    verdicts: ['validation'],
    applies: ({ expected: { document } }) =>
      subscriptions(document).some((operation) =>
        rootSelections(document, operation).some(({ directives }) =>
          directives.some(({ name }) => ['skip', 'include'].includes(name.value)),
        ),
      ),
    examples: [
      { query: 'subscription($s:Boolean!){activityCreated @skip(if:$s){title}}', variables: { s: true } },
      { query: 'subscription($s:Boolean!){activityCreated @skip(if:$s){title}}', variables: { s: false } },
      { query: 'subscription{...{activeUsers @include(if:true)}}' },
      {
        query: 'subscription($s:Boolean!){...F @include(if:$s)} fragment F on Subscription{activityCreated{title}}',
        variables: { s: true },
      },
      { query: 'subscription{...F} fragment F on Subscription{activeUsers @skip(if:false)}' },
    ],
  },
  {
    name: 'a subscription that names its root field twice',
    reason: 'apollo-compiler 1.33 counts the fields before it merges them; no client sends such a subscription.',
    verdicts: ['validation'],
    applies: ({ expected: { document, verdict } }) =>
      verdict !== 'validation' &&
      subscriptions(document).some(
        (operation) => rootSelections(document, operation).filter(({ kind }) => kind === Kind.FIELD).length > 1,
      ),
    examples: [
      { query: 'subscription{activeUsers activeUsers}' },
      { query: 'subscription{activeUsers ...{activeUsers}}' },
    ],
  },
  {
    name: 'a string and a block string of the same value',
    reason: 'They are the same argument by what they say; graphql-js compares how they are written.',
    verdicts: ['executed'],
    applies: ({ schema, expected: { document, verdict } }) =>
      verdict === 'validation' &&
      document !== undefined &&
      validateDocument(schema, withoutBlockStrings(document)).length === 0,
    examples: [{ query: '{activities(userId:"bob"){total} activities(userId:"""bob"""){total}}' }],
  },
  {
    name: 'a number without an end',
    reason: 'The specification has an error for a Float that is not finite; graphql-js takes it as a literal.',
    verdicts: ['validation'],
    applies: ({ schema, expected: { document, verdict } }) =>
      verdict === 'executed' && hasEndlessFloat(schema, document),
    examples: [
      { query: 'mutation{updateLearningHours(hours:1e400){userId}}' },
      { query: 'mutation($h:Float!=-1e400){updateLearningHours(hours:$h){userId}}' },
    ],
  },
  {
    name: 'an operationName that is empty',
    reason: 'Some clients send one where they mean none; no operation has that name.',
    verdicts: ['executed'],
    applies: ({ request: { operationName }, expected: { document } }) =>
      operationName === '' &&
      document?.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length === 1,
    examples: [{ query: '{activeUsers}', operationName: '' }],
  },
  {
    name: 'limits',
    reason:
      'Depth, aliases, root fields and fields are bounded, and so is everything that nests: docs/ARCHITECTURE.md.',
    verdicts: ['validation', 'parse'],
    applies: ({ request, expected: { verdict, document } }) =>
      overLimits(request.query, verdict === 'validation' ? undefined : document).length > 0,
    examples: [
      { query: `{__type(name:"Query"){${nest('ofType{', 'name', '}', 20)}}}` },
      { query: '{__type(name:"Query"){fields{type{fields{type{fields{name}}}}}}}' },
      { query: `{${numbered(21, (index) => `a${index}:activeUsers`)}}` },
      { query: `{activities{${numbered(21, (index) => `a${index}:total`)}}}` },
      { query: `{${numbered(21, () => 'activeUsers')}}` },
      {
        query: `{activities{activities{${numbered(251, () => '...F')}}}} fragment F on Activity{id userId type title data read cursor __typename}`,
      },
      { query: `{${nest('...{', 'activeUsers', '}', 101)}}` },
      { query: `mutation{createActivity(input:{type:LOGIN,title:"t",data:${nest('[', '1', ']', 101)}}){id}}` },
      { query: `mutation{createActivity(input:{type:LOGIN,title:"t",data:${nest('{a:', '1', '}', 101)}}){id}}` },
      {
        query: `mutation($a:${nest('[', 'Int', ']', 101)}){createActivity(input:{type:LOGIN,title:"t",data:{a:$a}}){id}}`,
      },
      { query: numbered(101, (index) => `query A${index}{activeUsers}`), operationName: 'A7' },
      {
        query: `{...F0} ${numbered(101, (index) => `fragment F${index} on Query{...F${index + 1}}`)} fragment F101 on Query{activeUsers}`,
      },
      { query: `{activeUsers} ${'#\n'.repeat(8_001)}` },
      {
        query: `${numbered(40, (index) => `query A${index}{activities{activities{...F ...G}}}`)} fragment F on Activity{${numbered(50, () => 'id')}} fragment G on Activity{${numbered(50, () => 'title')}}`,
        operationName: 'A7',
      },
    ],
  },
];

/** The deviations that apply to a request. */
export function deviationsOf(context) {
  return DEVIATIONS.filter((deviation) => deviation.applies(context));
}
