// Fields with the same key in the answer. https://spec.graphql.org/draft/#sec-Field-Selection-Merging

const NODE = '__type(name:"Query")';
const data = (one, other) =>
  `mutation{a:createActivity(input:{type:LOGIN,title:"t",data:${one}}){id} a:createActivity(input:{type:LOGIN,title:"t",data:${other}}){id}}`;

export default [
  '{activeUsers activeUsers}',
  '{a:activeUsers a:activeUsers}',
  '{a:activeUsers a:unreadActivityCount}',
  '{activeUsers activeUsers:unreadActivityCount}',
  '{activities{t:total t:unreadCount}}',
  '{activities{t:total t:total}}',
  '{activities{total total:unreadCount}}',
  '{x:activities(userId:"bob"){total} x:activities(userId:"ada"){total}}',
  '{x:activities(userId:"bob"){total} x:activities{total}}',
  '{activities(limit:1){total} activities(limit:1){cursor}}',
  '{activities(limit:1,skip:2){total} activities(skip:2,limit:1){cursor}}',
  '{activities(limit:1){total} activities(limit:2){cursor}}',
  '{activities{total} activities(limit:20){cursor}}',
  '{activities(limit:1){total} activities(limit:01){cursor}}',
  '{activities(userId:"bob"){total} activities(userId:"b\\u006fb"){total}}',
  '{activities(userId:7){total} activities(userId:"7"){total}}',
  '{activities(userId:null){total} activities{total}}',
  '{activities(limit:1){total} ...{activities(limit:2){total}}}',
  '{...F ...G}fragment F on Query{activities(limit:1){total}}fragment G on Query{activities(limit:2){total}}',
  ['query($a:Int){activities(limit:$a){total} activities(limit:$a){cursor}}', { a: 1 }],
  ['query($a:Int,$b:Int){activities(limit:$a){total} activities(limit:$b){cursor}}', { a: 1, b: 1 }],
  ['query($a:Int){activities(limit:$a){total} activities(limit:1){cursor}}', { a: 1 }],
  // Below.
  '{activities{x:total} activities{x:cursor}}',
  '{activities{activities{x:id}} activities{activities{x:title}}}',
  '{activities{activities{id}} activities{activities{title}} activities{activities{id title read}}}',
  '{a:activities{total} a:notifications{total}}',
  '{activities{activities{id}} activities:notifications{notifications{id}}}',
  '{activityConnection(first:2){edges{node{id}} edges{cursor node{title}} nodes{id} edges{node{id read}}}}',
  '{activities{...F ...G}}fragment F on ActivityPage{x:total}fragment G on ActivityPage{x:unreadCount}',
  '{activities{...F x:unreadCount}}fragment F on ActivityPage{x:total}',
  `{${NODE}{name x:kind} ${NODE}{kind x:name}}`,
  `{${NODE}{fields{name x:description}} ${NODE}{fields{x:description type{name}}}}`,
  `{${NODE}{ofType{ofType{x:name}}} ${NODE}{ofType{ofType{x:kind}}}}`,
  '{a:__typename a:activeUsers}',
  '{__typename __typename:activeUsers}',
  '{activities{id:__typename id:total}}',
  // Directives are no part of it.
  '{a:activeUsers @include(if:true) a:activeUsers @skip(if:false)}',
  '{a:activeUsers @skip(if:true) a:unreadActivityCount @skip(if:false)}',
  // Arguments are compared by value.
  data('1', '1'),
  data('1', '2'),
  data('[1,2]', '[1]'),
  data('[1]', '[1,2]'),
  data('[1,2]', '[2,1]'),
  data('{a:1,b:2}', '{b:2,a:1}'),
  data('{a:1,b:2}', '{a:1}'),
  data('{a:1}', '{a:1,b:2}'),
  data('[]', '[1]'),
  data('[]', '{}'),
  data('{}', '{a:1}'),
  data('null', '{}'),
  data('"a"', 'a'),
  data('1', '1.0'),
  data('"1"', '1'),
  data('{a:[{b:1}]}', '{a:[{b:1}]}'),
  data('{a:[{b:1}]}', '{a:[{b:2}]}'),
  data('"A"', '"\\u0041"'),
  data('true', 'TRUE'),
  data('{a:{b:1,c:2}}', '{a:{c:2,b:1}}'),
  data('1e1', '10'),
  'mutation{createActivity(input:{type:LOGIN,title:"t"}){id} createActivity(input:{title:"t",type:LOGIN}){title}}',
  'mutation{createActivity(input:{type:LOGIN,title:"t"}){id} createActivity(input:{title:"u",type:LOGIN}){title}}',
  // A field that is named twice is executed once.
  {
    query:
      'mutation{incrementStat(userId:"once",statName:LOGS_CREATED){userId} incrementStat(userId:"once",statName:LOGS_CREATED){logsCreated}}',
    compare: true,
  },
  {
    query:
      'mutation{...F ...on Mutation{incrementStat(userId:"once more",statName:LOGS_CREATED){logsCreated}}} fragment F on Mutation{incrementStat(userId:"once more",statName:LOGS_CREATED){userId} two:incrementStat(userId:"once more",statName:LOGS_CREATED){logsCreated}}',
    compare: true,
  },
];
