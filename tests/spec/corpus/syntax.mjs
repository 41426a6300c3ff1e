// What is a document at all. https://spec.graphql.org/draft/#sec-Document-Syntax

const nest = (open, inner, close, levels) => `${open.repeat(levels)}${inner}${close.repeat(levels)}`;

export default [
  '{activeUsers}', 'query{activeUsers}', 'query A{activeUsers}', '{ activeUsers , , }', '{,activeUsers,}', 'query,A,{activeUsers}',
  '', '   ', '#', '{}', '{', '}', '{activeUsers', 'activeUsers}', '{activeUsers}}', '{activeUsers} }', '{activeUsers} {',
  '{activeUsers} x', 'x{activeUsers}', 'Query{activeUsers}', 'query', 'query A', 'mutation', 'query A B{activeUsers}',
  // Lists that are there are not empty.
  'query(){activeUsers}', 'query A(){activeUsers}', '{activities(){total}}', '{activities{}}', '{activeUsers{}}', '{...{}}',
  // Ignored: the byte order mark, white space, line ends, commas and comments.
  '\ufeff{activeUsers}', '\ufeff\ufeff{activeUsers}', '{active\ufeffUsers}', '{activeUsers\t\r\n}', '{activeUsers \u00a0}', '{activeUsers \u2028}',
  '{activeUsers \u000b}', '{activeUsers \u000c}', '{activeUsers \u0000}', '{activeUsers \u0007}', '{activeUsers #\u0007\n}', '{activeUsers #\u007f é 😀\n}',
  '#c\n{activeUsers#c\r\n}', '#c\r{activeUsers}#c', '#{\n{activeUsers}', '{activeUsers #}', '{#\n#\n#\nactiveUsers}',
  // Names.
  '{é}', '{_: activeUsers}', '{__: activeUsers}', '{9a: activeUsers}', '{a-b: activeUsers}', '{active-Users}', '{a9_Z: activeUsers}',
  '{on:activeUsers}', '{true:activeUsers}', '{null:activeUsers}', '{query:activeUsers}', '{fragment:activeUsers mutation:activeUsers}',
  'query query{query:activeUsers}', 'query on{activeUsers}', 'query true{activeUsers}', 'query fragment{activeUsers}',
  'fragment on on Query{activeUsers} {...on}', 'fragment true on Query{activeUsers} {...true}', 'fragment query on Query{activeUsers} {...query}',
  '{...on}', '{...on Query}', '{...}', '{... on Query on Query{activeUsers}}', '{...on:activeUsers}',
  // Punctuation.
  '{activeUsers!}', '{activeUsers;}', '{activeUsers|activeUsers}', '{activeUsers&activeUsers}', '{ activeUsers . }', '{ .. activeUsers }',
  '{ .... activeUsers }', '{...\n...{activeUsers}}', '{a:}', '{a:activeUsers:}', '{:activeUsers}', '{a:b:activeUsers}', '{$a}', '{activeUsers$a}', '{"a"}',
  '{1}', '{[activeUsers]}', '{(activeUsers)}', '{{activeUsers}}', '{@skip}', '{activeUsers @}', '{activeUsers@skip()}', '{activeUsers@skip(if)}',
  '{activeUsers@skip(if:)}', '{activeUsers @ skip(if:false)}', '{ activities ( limit : 1 ) { total } }', '{activities(limit:1skip:2){total}}',
  '{activities(userId:"bob"limit:1){total}}', '{activities(limit){total}}', '{activities(limit:){total}}', '{activities(limit:1 :2){total}}',
  '{activities(limit skip:1){total}}', '{activities(limit:1,skip){total}}', '{activities(,limit:1,){total}}', '{activities(:1){total}}',
  // Variables.
  'query($a){activeUsers}', 'query($a:){activeUsers}', 'query(a:Int){activeUsers}', 'query($a:Int $a2:Int){activeUsers}', 'query($ a:Int){activities(limit:$ a){total}}',
  'query($a:Int,){activities(limit:$a){total}}', 'query($_a:Int){activities(limit:$_a){total}}', 'query($a:Int!!){activities(limit:$a){total}}',
  'query($a:[Int){activities(limit:$a){total}}', 'query($a:Int]){activities(limit:$a){total}}', 'query($a:[Int]!]){activities(limit:$a){total}}',
  'query($a:[]){activities(limit:$a){total}}', 'query($a:Int=){activities(limit:$a){total}}', 'query($a:Int=$b,$b:Int){activities(limit:$a,skip:$b){total}}',
  'query($a:JSON=[$b],$b:Int){activities(limit:$b){total}}', 'query($a:[Int]=[1,$b]){activeUsers}', 'query A($a:Int)($b:Int){activeUsers}',
  'query A@include(if:true)($b:Int){activeUsers}', 'query($a:Int=1 @nope){activities(limit:$a){total}}', 'query($on:Int){activities(limit:$on){total}}',
  // Fragments.
  'fragment F{activeUsers} {...F}', 'fragment F on {activeUsers} {...F}', 'fragment on Query{activeUsers} {activeUsers}', 'fragment F on Query{...F',
  'fragment F($a:Int) on Query{activeUsers} {...F}', 'fragment F on Query @skip(if:true){activeUsers} {...F}', 'fragment F on Query',
  // Definitions of types are for schemas.
  'query A{activeUsers} type X{a:Int}', 'type X{a:Int}', 'extend type Query{a:Int} {activeUsers}', 'schema{query:Query} {activeUsers}',
  '{activeUsers} extend schema @a', 'scalar X {activeUsers}', 'directive @x on FIELD {activeUsers}', 'input X{a:Int} {activeUsers}',
  'interface I{a:Int} {activeUsers}', 'union U=Query {activeUsers}', 'enum E{A} {activeUsers}', '"text" type X{a:Int}',
  // Deep and unfinished.
  nest('{', '', '}', 40), nest('{a', '', '}', 40), '{'.repeat(1_000), '{activities(limit:'.repeat(1), `{activities(limit:${'['.repeat(500)}`,
  `{activities(limit:${nest('[', '1', ']', 1_600)}){total}}`, `{activities(limit:${nest('{a:', '1', '}', 1_600)}){total}}`,
  `query($a:Int=${nest('[', '1', ']', 1_600)}){activities(limit:$a){total}}`, `{activeUsers @include(if:${nest('[', 'true', ']', 1_600)})}`,
  `query($a:${nest('[', 'Int', ']', 1_600)}){activities(limit:$a){total}}`, `{${nest('...{', 'activeUsers', '}', 1_600)}`,
  `{activities${nest('{a', '', '}', 1_600)}}`,
];
