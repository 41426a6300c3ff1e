// Several operations, and which one is meant. https://spec.graphql.org/draft/#sec-Validation.Operations

const TWO = 'query A{activeUsers} query B{unreadActivityCount}';
const named = (query, operationName, variables) => ({ query, operationName, variables });

export default [
  named(TWO, 'A'), named(TWO, 'B'), named(TWO, 'C'), named(TWO), named(TWO, 'a'), named(TWO, ''), named('query A{activeUsers}', 'A'), named('query A{activeUsers}', 'B'), named('query A{activeUsers}'), named('{activeUsers}', 'A'), named('{activeUsers}', ''), named('query{activeUsers}', null),
  'query A{activeUsers}query A{activeUsers}', named('query A{activeUsers}query A{activeUsers}', 'A'), 'query A{activeUsers} mutation A{__typename}', '{activeUsers}{activeUsers}', named('query A{activeUsers} {activeUsers}', 'A'), 'query A{activeUsers} {activeUsers}', '{activeUsers} query A{activeUsers}', '{activeUsers} mutation{__typename}',
  'query A{activeUsers} fragment F on Query{activeUsers}', 'fragment F on Query{activeUsers}', 'fragment F on Query{activeUsers} fragment G on Query{...F}', named('fragment A on Query{activeUsers} query B{...A}', 'A'), named('fragment A on Query{activeUsers} query A{...A}', 'A'),
  // What is not executed is validated.
  named('query A{activeUsers} query B{nope}', 'A'), named('query A{activeUsers} query B($a:Int){activeUsers}', 'A'), named('query A{activeUsers} query B{...F}', 'A'), named('query A{activeUsers} query B{...F} fragment F on Query{nope}', 'A'), named('query A{activeUsers} query B($x:Int!){activities(limit:$x){total}}', 'A'),
  named('query A{activeUsers} mutation B{initAnalytics(userId:"not executed"){userId}}', 'A'), named('query A{activeUsers} subscription B{activeUsers}', 'A'), named('query A{activeUsers} subscription B{activeUsers unreadCounts{cursor}}', 'A'), named('query A($i:Boolean!){...F} query B{...F} fragment F on Query{activeUsers @skip(if:$i)}', 'A', { i: true }),
  named('query A($i:Boolean!){...F} query B($i:Boolean!){...F} fragment F on Query{activeUsers @skip(if:$i)}', 'B', { i: true }), named('query A{...F} query B{...F ...G} fragment F on Query{activeUsers} fragment G on Query{unreadActivityCount}', 'B'), named('query A{activeUsers} query B{...F} fragment F on Query{...F}', 'A'),
  named('query A{activeUsers} query B{activities(limit:"x"){total}}', 'A'), named('query A{activeUsers} query B{x:activeUsers x:unreadActivityCount}', 'A'), named('query A{activeUsers} query B{', 'A'), named('query A{x:activeUsers} query B{x:unreadActivityCount}', 'B'),
  // The name of one is the name of a field, a fragment, a variable.
  named('query activeUsers($activeUsers:Int){activities(limit:$activeUsers){total}}', 'activeUsers', { activeUsers: 1 }), 'query F{...F} fragment F on Query{activeUsers}', 'query __A{activeUsers}', 'query mutation{activeUsers}', 'mutation query{__typename}',
  // Descriptions, since September 2025.
  '"text" query A{activeUsers}', '"""text\n""" query A{activeUsers}', '"text" query{activeUsers}', '"text" {activeUsers}', '"text" fragment F on Query{activeUsers} query A{...F}', '{...F} """text""" fragment F on Query{activeUsers}', '"a" "b" query A{activeUsers}', '"text"', '"text" x', 'query "text" A{activeUsers}',
  ['query A("text" $a:Int){activities(limit:$a){total}}', { a: 1 }], ['query A("""text""" $a:Int,"other" $b:Int=1){activities(limit:$a,skip:$b){total}}', {}], 'query A($a:"text" Int){activities(limit:$a){total}}', '{"text" activeUsers}', '"text" mutation A{__typename}', { query: '"text" query A{activeUsers} "other" query B{unreadActivityCount}', operationName: 'B' },
  '"\\uD83D" query A{activeUsers}', '"\\u{1F600}" query A{activeUsers}',
];
