// Literals in the places of each type. https://spec.graphql.org/draft/#sec-Values-of-Correct-Type

const limit = (literal) => `{activities(limit:${literal}){total activities{id}}}`;
const user = (literal) => `{unreadActivityCount(userId:${literal})}`;
const kind = (literal) => `{activityConnection(first:3,type:${literal}){nodes{id type}}}`;
const unread = (literal) => `{activityConnection(first:3,unreadOnly:${literal}){nodes{id read}}}`;
const text = (literal) => `{activityConnection(first:1,after:${literal}){nodes{id}}}`;
const hours = (literal) => ({ query: `mutation{updateLearningHours(userId:"literals ${literal.replaceAll(/\W/g, '-')}",hours:${literal}){totalLearningHours}}`, compare: true });
const date = (literal) => ({ query: `mutation{addWeeklyData(userId:"literals",date:${literal},hoursLogged:0,logsCount:0){userId}}` });
const time = (literal) => ({ query: `mutation{createNotification(input:{userId:"literals",type:SYSTEM,title:"t",message:"m",expiresAt:${literal}}){userId}}` });
const data = (literal) => ({ query: `mutation{createActivity(input:{userId:"literals",type:LOGIN,title:"t",data:${literal}}){data}}`, compare: true });
const input = (fields) => ({ query: `mutation{createActivity(input:${fields}){userId type title description data read}}`, compare: true });

export default [
  ...['1', '200', '201', '2147483647', '-0', '0', '-1', '1.0', '1e2', '1.5', '"1"', 'true', 'null', '[1]', '[]', '{}', '{limit:1}', 'ONE', '2147483648', '-2147483648', '-2147483649',
    '99999999999', '99999999999999999999999', '01', '00', '-01', '+1', '1.', '.5', '1e', '1e+', '1.e5', '0x1', '1_0', '1a', '1.0.0', '--1', '-', '1"x"', '1$a', '1 2'].map(limit),
  ...['"bob"', '7', '-7', '0', '99999999999999999999', '1.0', '1e1', 'true', 'bob', 'null', '["bob"]', '{id:"bob"}'].map(user),
  ...['LOGIN', 'GOAL_COMPLETED', '"LOGIN"', 'login', 'NOPE', 'null', 'true', '1', '[LOGIN]', '{}', '"""LOGIN"""', 'LOGIN LOGIN'].map(kind),
  ...['true', 'false', 'null', '1', '0', '"true"', 'TRUE', 'True', '[true]'].map(unread),
  ...['"x"', '5', 'x', 'true', 'null', '["x"]', '1.5'].map(text),
  ...['1', '1.5', '-2', '1e1', '1.5E-1', '0.25E+1', '0', '0.0', '-0.0', '"1"', 'true', 'null', '[1]', '.5', '1.', '1e400', '1e308', '99999999999999999999'].map(hours),
  ...['"2026-01-31"', '"2026-01-31T09:30:00Z"', '"x"', '5', 'A', 'null', '["2026-01-31"]', '{}', '1.5', 'true', '"""2026-01-31"""'].map(date),
  ...['"2030-01-31T09:30:00Z"', '"x"', '5', 'A', 'null', '[]', 'false'].map(time),
  ...['1', '-1', '1.5', '1e3', '1E+05', '-0', 'true', 'null', '"x"', 'WORD', '[]', '{}', '[1,[2.5],["x",WORD,null]]', '{a:1,b:2}', '{b:2,a:1}', '{a:{b:[true,{c:null}]}}', '{a:1,,b:2,}',
    '{a b:1}', '{a}', '{a:}', '{:1}', '{1:1}', '{"a":1}', '{a:1,a:2}', '{a:{b:1,b:1}}', '[1', '1]', '[1}', '{a:1]', '9007199254740991', '123456789012345678901234567890', '{a:$nope}', '[$nope]', '$nope',
    'true false', '@a', '!', '{__typename:1}', '{on:1,null:2,true:3}'].map(data),
  ...['{type:LOGIN,title:"t"}', '{type:LOGIN,title:"t",description:null,data:null}', '{type:LOGIN}', '{title:"t"}', '{}', '{type:LOGIN,title:null}', '{type:null,title:"t"}',
    '{type:LOGIN,title:"t",nope:1}', '{type:LOGIN,title:"t",title:"u"}', '{type:LOGIN,title:"t",title:"t"}', '{type:"LOGIN",title:"t"}', '{type:NOPE,title:"t"}', '{type:LOGIN,title:5}', '{type:LOGIN,title:t}',
    '[{type:LOGIN,title:"t"}]', '"x"', '1', 'LOGIN', 'null', '{userId:7,type:LOGIN,title:"t"}', '{userId:1.5,type:LOGIN,title:"t"}', '{type:LOGIN,title:["t"]}', '{type LOGIN,title:"t"}', '{type:LOGIN title:"t"}',
    '{title:"t",type:LOGIN,description:"d"}', '{type:LOGIN,title:"t",}', '{type:LOGIN,title:"t",description:1}'].map(input),
  // Arguments.
  '{activities(nope:1){total}}', '{activities(limit:1,limit:1){total}}', '{activities(limit:1,limit:2){total}}', '{activeUsers(a:1)}', '{unreadActivityCount(userid:"bob")}',
  'mutation{createActivity{id}}', 'mutation{updateLearningHours(userId:"literals"){userId}}', 'mutation{updateStreak(currentStreak:1){userId}}', '{__type{name}}', '{__typename(a:1)}',
];
