// Variables: declarations, defaults, coercion. https://spec.graphql.org/draft/#sec-Coercing-Variable-Values

const limit = (type, values) => [`query($v:${type}){activities(limit:$v){total activities{id}}}`, values];
const user = (type, values) => [`query($v:${type}){unreadActivityCount(userId:$v)}`, values];
const kind = (type, values) => [`query($v:${type}){activityConnection(first:4,type:$v){nodes{id type}}}`, values];
const unread = (type, values) => [`query($v:${type}){activityConnection(first:4,unreadOnly:$v){nodes{read}}}`, values];
const create = (variables, type = 'CreateActivityInput!') => ({
  query: `mutation($v:${type}){createActivity(input:$v){userId type title description data}}`, variables, compare: true,
});
const data = (type, literal, variables) => ({
  query: `mutation($v:${type}){createActivity(input:{userId:"variables",type:LOGIN,title:"t",data:${literal}}){data}}`, variables, compare: true,
});
const raw = (query, rawVariables) => ({ query, rawVariables });

export default [
  // Left out: the argument's default applies, or the variable's own.
  limit('Int', {}), limit('Int', undefined), limit('Int', { v: 2 }), limit('Int!', {}), limit('Int!', { v: 2 }), limit('Int=3', {}), limit('Int!=3', {}), limit('Int!=3', { v: 2 }), limit('Int=3', { v: 2 }),
  limit('Int!', { v: null }), limit('Int!=3', { v: null }), limit('Int', { other: 1 }), limit('Int!=null', {}),
  ['query($l:Int,$s:Int){activities(userId:"bob",limit:$l,skip:$s){total activities{title}}}', {}], ['query($l:Int,$s:Int){activities(userId:"bob",limit:$l,skip:$s){total activities{title}}}', { s: 5 }],
  ['query($f:Int,$a:String,$l:Int,$b:String,$t:ActivityType,$r:Boolean){activityConnection(first:$f,after:$a,last:$l,before:$b,type:$t,unreadOnly:$r){nodes{id} pageInfo{hasNextPage}}}', {}],
  ['query($l:Int,$s:Int){leaderboard(limit:$l,skip:$s){total analytics{userId}}}', {}], ['query($u:ID){analytics(userId:$u){userId}}', {}], ['query($u:ID){analytics(userId:$u){userId}}', { u: null }],
  { query: 'mutation($by:Int){incrementStat(userId:"left out",statName:LOGS_CREATED,incrementBy:$by){logsCreated}}', variables: {}, compare: true },
  { query: 'mutation($by:Int=5){incrementStat(userId:"default",statName:LOGS_CREATED,incrementBy:$by){logsCreated}}', variables: {}, compare: true },
  { query: 'mutation($t:String){createActivity(input:{type:LOGIN,title:$t}){id}}', variables: { t: 'x' } },
  { query: 'mutation($t:String="x"){createActivity(input:{type:LOGIN,title:$t}){id}}' },
  { query: 'mutation($t:String!,$d:String,$u:ID){createActivity(input:{userId:$u,type:LOGIN,title:$t,description:$d}){userId title description}}', variables: { t: 'x' }, compare: true },
  { query: 'mutation($t:String!,$d:String="d"){createActivity(input:{type:LOGIN,title:$t,description:$d}){description}}', variables: { t: 'x' }, compare: true },
  { query: 'mutation($t:String!,$d:String="d"){createActivity(input:{type:LOGIN,title:$t,description:$d}){description}}', variables: { t: 'x', d: null }, compare: true },
  // Int.
  ...[2, 0, -1, 200, 201, 2147483647, 2147483648, 99999999999, 1.5, '2', true, [2], [], {}, 'two', -2147483648, -2147483649].map((v) => limit('Int', { v })),
  ...['2.0', '2e0', '20e-1', '2E+0', '-0', '-0.0', '2.5', '1e400', '99999999999999999999', '2147483647.0', '2147483648.0'].map((v) => raw('query($v:Int){activities(limit:$v){total}}', `{"v":${v}}`)),
  // ID, enums, booleans, floats.
  ...['bob', 7, 0, -7, 1.5, true, null, ['bob'], {}, '', 'é😀'].map((v) => user('ID', { v })), raw('query($v:ID){unreadActivityCount(userId:$v)}', '{"v":7.0}'), raw('query($v:ID){unreadActivityCount(userId:$v)}', '{"v":1e3}'),
  ...['LOGIN', 'login', 'NOPE', 5, null, true, ['LOGIN'], {}].map((v) => kind('ActivityType', { v })), kind('ActivityType=LOGIN', {}), kind('ActivityType="LOGIN"', {}), kind('ActivityType=NOPE', {}), kind('ActivityType!', { v: 'LOGIN' }),
  ...[true, false, null, 'true', 1, 0, [true]].map((v) => unread('Boolean', { v })),
  ...[1, 1.5, -1, '1', true, null, [1]].map((v) => ({ query: `mutation($v:Float!){updateLearningHours(userId:"float ${String(v)}",hours:$v){totalLearningHours}}`, variables: { v }, compare: true })),
  ...['x', 5, null, true, ['x'], {}, 'é'].map((v) => ['query($v:String){activityConnection(first:1,after:$v){nodes{id}}}', { v }]),
  ...['2026-01-31', 'x', 5, true, ['2026-01-31'], {}, null].map((v) => ({ query: 'mutation($v:Date!){addWeeklyData(userId:"variables",date:$v,hoursLogged:0,logsCount:0){userId}}', variables: { v } })),
  ...['2030-01-31T09:30:00Z', 5, true, null].map((v) => ({ query: 'mutation($v:DateTime){createNotification(input:{userId:"variables",type:SYSTEM,title:"t",message:"m",expiresAt:$v}){userId}}', variables: { v } })),
  // Input objects.
  create({ v: { type: 'LOGIN', title: 't' } }), create({ v: { type: 'LOGIN', title: 't', nope: 1 } }), create({ v: { type: 'LOGIN' } }), create({ v: { type: 'LOGIN', title: null } }), create({ v: { type: 'login', title: 't' } }),
  create({ v: [{ type: 'LOGIN', title: 't' }] }), create({ v: { userId: 7, type: 'LOGIN', title: 't' } }), create({ v: { type: 'LOGIN', title: 7 } }), create({ v: { type: 'LOGIN', title: 't', description: null, data: null } }),
  create({ v: 'x' }), create({ v: null }), create({}), create({ v: {} }), create({ v: { type: 'LOGIN', title: 't', data: { a: [1, { b: null }], 'é "': 2 } } }),
  create({}, 'CreateActivityInput!={type:LOGIN,title:"default"}'), create({}, 'CreateActivityInput={type:LOGIN,title:"default"}'), create({ v: { type: 'LOGIN', title: 't' } }, 'CreateActivityInput'),
  create({}, 'CreateActivityInput!={type:LOGIN}'), create({}, 'CreateActivityInput!={type:LOGIN,title:"t",title:"u"}'), create({}, 'CreateActivityInput!={type:NOPE,title:"t"}'), create({}, 'CreateActivityInput!={type:"LOGIN",title:"t"}'),
  create({}, 'CreateActivityInput!=null'), create({ v: { type: 'LOGIN', title: 't' } }, 'CreateNotificationInput!'), create({ v: { type: 'LOGIN', title: 't' } }, 'JSON!'),
  // Variables inside of literals.
  data('Int', '{a:$v}', { v: 1 }), data('Int', '{a:$v}', {}), data('Int', '{a:$v}', { v: null }), data('Int', '[$v,{b:[$v]}]', { v: 1 }), data('Int!', '{a:$v}', { v: 1 }), data('Int!', '{a:$v}', {}), data('[Int]', '{a:$v}', { v: 5 }),
  data('[Int]', '{a:$v}', { v: [1, null] }), data('[Int!]', '{a:$v}', { v: [1, null] }), data('[[Int]]', '{a:$v}', { v: [1, [2]] }), data('[[Int]]', '{a:$v}', { v: 1 }), data('[Int]', '{a:$v}', { v: ['x'] }), data('[Int]=5', '{a:$v}', {}),
  data('[[Int]]=[1,[2,null]]', '{a:$v}', {}), data('String', '{a:$v,b:$v}', { v: 'x' }), data('CreateActivityInput', '{a:$v}', { v: { type: 'LOGIN', title: 't' } }), data('ActivityType', '{a:$v}', { v: 'LOGIN' }), data('Float', '{a:$v}', { v: 1 }),
  data('ID', '{a:$v}', { v: 7 }), data('JSON', '$v', { v: { a: [1] } }), data('JSON', '$v', { v: null }), data('JSON', '$v', {}), data('JSON!', '$v', { v: 'x' }), data('JSON=[1,{a:WORD}]', '$v', {}), data('JSON={a:1,a:2}', '$v', {}), data('Int', '$v', { v: 1 }),
  data('[JSON]', '{a:$v}', { v: 1 }), data('DateTime', '{a:$v}', { v: '2026-01-31T09:30:00Z' }), data('DateTime', '{a:$v}', { v: 5 }),
  // Types of variables.
  limit('String', { v: '2' }), limit('[Int]', { v: [2] }), limit('Float', { v: 2 }), limit('[Int!]!', { v: [2] }), user('String', { v: 'bob' }), user('ID!', { v: 'bob' }), user('Int', { v: 7 }), kind('String', { v: 'LOGIN' }), kind('NotificationType', { v: 'SYSTEM' }),
  'query($v:Foo){activeUsers}', 'query($v:Foo){unreadActivityCount(userId:$v)}', 'query($v:Activity){unreadActivityCount(userId:$v)}', 'query($v:ActivityPage!){activeUsers}', 'query($v:Query){activeUsers}', 'query($v:[Activity]){activeUsers}',
  limit('Int="x"', {}), limit('Int=1.5', {}), limit('Int=[1]', {}), limit('Int=2147483648', {}), limit('Boolean=1', {}), user('ID=7', {}), user('ID=1.5', {}), user('ID=bob', {}),
  // Uses.
  '{activities(limit:$a){total}}', 'query($a:Int){activeUsers}', 'query A($a:Int){activeUsers}', 'query($a:Int,$a:Int){activities(limit:$a){total}}', 'query($a:Int,$a:String){activities(limit:$a){total}}',
  'query($a:Int){...F} fragment F on Query{activities(limit:$a){total}}', '{...F} fragment F on Query{activities(limit:$a){total}}', 'query($a:Int){...F} fragment F on Query{...G} fragment G on Query{activities(limit:$a){total}}',
  'query($a:String){...F} fragment F on Query{activities(limit:$a){total}}', 'query($a:Int){activeUsers} fragment F on Query{activities(limit:$a){total}}',
  { query: 'query A($a:Int){...F} query B{...F} fragment F on Query{activities(limit:$a){total}}', operationName: 'A' },
  { query: 'query A($a:Int){...F} query B($a:Int!){...F} fragment F on Query{activities(limit:$a){total}}', operationName: 'A', variables: {} },
  { query: 'query A($a:Int){...F} query B($a:Int!){...F} fragment F on Query{activities(limit:$a){total}}', operationName: 'B', variables: {} },
  { query: 'query A($a:Int){...F} query B($a:String){...F} fragment F on Query{activities(limit:$a){total}}', operationName: 'A' },
  'query($a:Boolean!){activeUsers @include(if:$a)}', ['query($a:Int!,$b:Boolean!){activities(limit:$a){total @skip(if:$b)}}', { a: 1, b: true, c: 5 }],
  ['query($constructor:Int){activities(limit:$constructor){total}}', {}], ['query($toString:Int=4){activities(limit:$toString){total}}', {}],
];
