// @skip and @include, and directives where they may not stand. https://spec.graphql.org/draft/#sec-Type-System.Directives

const PAGE = 'activities(userId:"bob",limit:2)';

/** A document in each of the three ways of a Boolean: absent, true, false. */
const each = (document, name = 'i') => [
  [document, {}],
  [document, { [name]: true }],
  [document, { [name]: false }],
];

export default [
  // A variable with a default, and none sent: the default counts.
  ...each(`query($i:Boolean!=true){${PAGE}{cursor total @include(if:$i)}}`),
  ...each(`query($i:Boolean!=false){${PAGE}{cursor total @include(if:$i)}}`),
  ...each(`query($i:Boolean!=true){${PAGE}{cursor total @skip(if:$i)}}`),
  ...each(`query($i:Boolean=true){${PAGE}{total cursor @skip(if:$i)}}`),
  ...each(`query($i:Boolean=false){${PAGE}{total cursor @include(if:$i)}}`),
  ...each(`query($i:Boolean!){${PAGE}{cursor total @include(if:$i)}}`),
  ...each(`query($i:Boolean){${PAGE}{cursor total @include(if:$i)}}`),
  ...each(`query($i:Boolean=null){${PAGE}{cursor total @include(if:$i)}}`),
  ...each(
    `query($i:Boolean!=true){${PAGE}{total ...F @skip(if:$i)} ...G @include(if:$i)} fragment F on ActivityPage{cursor} fragment G on Query{activeUsers}`,
  ),
  ...each(
    `query($i:Boolean!){${PAGE}{total ... @include(if:$i){cursor unreadCount} ... on ActivityPage @skip(if:$i){hasMore}}}`,
  ),
  ...each(`query($i:Boolean!){${PAGE} @include(if:$i){total} activeUsers}`),
  ...each(`query($i:Boolean!){${PAGE} @include(if:$i){total}}`),
  ...each(`query($i:Boolean!){__typename @include(if:$i) activeUsers}`),
  ...each(`query($i:Boolean!){${PAGE}{__typename @skip(if:$i) total}}`),
  ...each(`query($i:Boolean!){${PAGE}{activities{id title @include(if:$i)} activities{id @skip(if:$i) read}}}`),
  ...each(`query($i:Boolean!){${PAGE}{activities @skip(if:$i){id}} ${PAGE}{activities{title}}}`),
  ...each('query($i:Boolean!){__schema @include(if:$i){queryType{name}} activeUsers}'),
  ...each(
    `query($i:Boolean!){...F} fragment F on Query{${PAGE}{...G @include(if:$i)} x:activeUsers @skip(if:$i)} fragment G on ActivityPage{total}`,
  ),
  ...each(`query($i:Boolean!){a:activeUsers @skip(if:$i) a:activeUsers @include(if:$i)}`),
  ...each(`query($i:Boolean!){b:activeUsers ...@skip(if:$i){a:activeUsers} c:activeUsers a:activeUsers}`),
  ...each(
    'query($i:Boolean!){activityConnection(first:2){edges @include(if:$i){cursor node{id}} pageInfo @skip(if:$i){endCursor} nodes{id data @skip(if:$i)}}}',
  ),
  // Both: the field is there where neither objects.
  ...[
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ].map(([s, i]) => [`query($s:Boolean!,$i:Boolean!){${PAGE}{cursor total @skip(if:$s) @include(if:$i)}}`, { s, i }]),
  ...[
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ].map(([s, i]) => `{${PAGE}{cursor total @include(if:${i}) @skip(if:${s})}}`),
  // A skipped field is validated, and is not executed.
  `{${PAGE} @skip(if:true){total} activeUsers}`,
  '{activeUsers activities(limit:0) @skip(if:true){total}}',
  '{activeUsers ... @include(if:false){activities(limit:0){total}}}',
  '{activeUsers @skip(if:true)}',
  '{...F @skip(if:true)} fragment F on Query{activeUsers}',
  '{activeUsers nope @skip(if:true)}',
  '{activeUsers activities(limit:"x") @skip(if:true){total}}',
  '{activeUsers activities @skip(if:true)}',
  {
    query:
      'mutation($i:Boolean!){createActivity(input:{userId:"skipped",type:LOGIN,title:"t"}) @include(if:$i){title} __typename}',
    variables: { i: false },
    compare: true,
  },
  // What the argument takes.
  '{activeUsers @skip}',
  '{activeUsers @include}',
  '{activeUsers @skip(if:"true")}',
  '{activeUsers @skip(if:1)}',
  '{activeUsers @skip(if:null)}',
  '{activeUsers @skip(if:[true])}',
  '{activeUsers @skip(if:TRUE)}',
  '{activeUsers @skip(unless:true)}',
  '{activeUsers @include(if:true,nope:1)}',
  '{activeUsers @include(if:true,if:true)}',
  '{activeUsers @include(if:$x)}',
  ['query($x:String){activeUsers @include(if:$x)}', { x: 'true' }],
  ['query($x:[Boolean!]!){activeUsers @include(if:$x)}', { x: [true] }],
  ['query($x:Boolean!){activeUsers @include(if:$x)}', { x: 'true' }],
  ['query($x:Boolean!){activeUsers @include(if:$x)}', { x: 1 }],
  // Where they stand.
  '{activeUsers @skip(if:false) @skip(if:false)}',
  '{activeUsers @skip(if:false) @include(if:true) @skip(if:true)}',
  '{...F @skip(if:true) @skip(if:true)} fragment F on Query{activeUsers}',
  '{...@include(if:true)@include(if:true){activeUsers}}',
  'query @skip(if:true){activeUsers}',
  'query A @include(if:true){activeUsers}',
  'mutation @skip(if:true){__typename}',
  'query($a:Int @skip(if:true)){activities(limit:$a){total}}',
  'query($a:Int @nope){activities(limit:$a){total}}',
  'query($a:Boolean! @include(if:$a)){activeUsers @skip(if:$a)}',
  '{...F} fragment F on Query @skip(if:true){activeUsers}',
  '{...F} fragment F on Query @nope{activeUsers}',
  '{...F @nope} fragment F on Query{activeUsers}',
  '{...@nope{activeUsers}}',
  '{activeUsers @nope}',
  '{__typename @nope}',
  `{${PAGE} @nope{total}}`,
  'query @nope{activeUsers}',
  '{activeUsers @deprecated}',
  '{activeUsers @deprecated(reason:"x")}',
  '{activeUsers @specifiedBy(url:"x")}',
  '{activeUsers @Skip(if:true)}',
  '{activeUsers @oneOf}',
  '{__typename @skip(if:true) activeUsers}',
  '{__typename @include(if:true)}',
  '{__type(name:"Query") @skip(if:true){name} activeUsers}',
];
