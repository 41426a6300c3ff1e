// Fields, aliases, leaves, fragments. https://spec.graphql.org/draft/#sec-Validation.Fields

const PAGE = 'activities(userId:"bob",limit:2)';

export default [
  // Leaves have no selection, everything else has one.
  '{activeUsers{a}}', '{__typename{a}}', `{${PAGE}}`, `{${PAGE}{total{a}}}`, `{${PAGE}{activities}}`, `{${PAGE}{activities{id{a}}}}`, `{${PAGE}{activities{data{a}}}}`, `{${PAGE}{activities{type{a}}}}`, `{${PAGE}{activities{timestamp{a}}}}`,
  '{analytics}', '{analytics{weeklyData}}', '{activityConnection{edges{node}}}', '{activityConnection{pageInfo}}', '{__schema}', '{__type(name:"Query")}', '{__type(name:"Query"){name{a}}}', '{a:activeUsers{b}}', 'mutation{initAnalytics}',
  // Unknown fields, of the right type and elsewhere.
  '{nope}', '{__nope}', '{a:nope}', `{${PAGE}{nope}}`, `{${PAGE}{activities{id nope}}}`, '{activity}', '{Activities{total}}', '{activities{__schema{queryType{name}}}}', '{analytics{__type(name:"x"){name}}}', '{id}', '{total}', 'mutation{activeUsers}', 'mutation{nope}',
  '{createActivity(input:{type:LOGIN,title:"t"}){id}}', '{activityCreated{id}}',
  // __typename everywhere.
  '{__typename}', '{t:__typename}', '{__typename activeUsers __typename}', 'mutation{__typename}', `{__typename ${PAGE}{__typename total activities{__typename id t:__typename}}}`, '{__schema{__typename queryType{__typename}}}', '{__type(name:"Query"){__typename}}',
  '{activityConnection(first:1){__typename edges{__typename cursor node{__typename}} nodes{__typename} pageInfo{__typename}}}', '{analytics(userId:"bob"){__typename weeklyData{__typename} monthlyData{__typename}} leaderboard{__typename analytics{__typename}}}',
  '{notifications(userId:"bob"){__typename notifications{__typename}} notificationConnection(userId:"bob"){__typename}}', { query: 'mutation{createActivity(input:{userId:"typename",type:LOGIN,title:"t"}){__typename title t:__typename}}', compare: true },
  '{...{__typename}}', '{...on Query{__typename}}', '{...F} fragment F on Query{__typename ...{t:__typename}}',
  // Everything there is.
  '{activities(limit:50){activities{id userId type title description data timestamp read cursor} total hasMore unreadCount cursor}}', '{activities(userId:"é😀"){activities{id userId type title description data timestamp read cursor} total hasMore unreadCount cursor}}',
  '{notifications{notifications{id userId type title message read actionUrl createdAt expiresAt cursor} total hasMore unreadCount cursor}}', '{notifications(userId:"bob",limit:1,skip:1){notifications{id title} total hasMore}}',
  '{analytics{userId totalLearningHours currentStreak longestStreak logsCreated goalsCompleted skillsAdded weeklyData{date hoursLogged logsCount} monthlyData{month hoursLogged logsCount} updatedAt cursor}}', '{analytics(userId:"nobody"){userId}}', '{analytics(userId:"bob"){weeklyData{date} updatedAt}}',
  '{leaderboard{analytics{userId totalLearningHours weeklyData{date} cursor} total hasMore}}', '{leaderboard(limit:1,skip:1){analytics{userId} total hasMore}}', '{leaderboard(skip:100){analytics{userId} total hasMore}}', '{activities(userId:"nobody"){activities{id} total hasMore unreadCount}}',
  '{activeUsers unreadActivityCount unreadNotificationCount}', '{unreadActivityCount(userId:"bob") unreadNotificationCount(userId:"bob")}', '{activities(limit:3,skip:43){activities{id} hasMore}}', '{activities(skip:2147483647){activities{id} hasMore total}}',
  // Aliases and order: fields come in the order in which they are written first.
  '{b:activeUsers a:unreadActivityCount c:activeUsers}', `{two:${PAGE}{n:total} one:activities(userId:"é😀"){n:total}}`, `{${PAGE}{total activities{read id} cursor activities{title id}}}`, `{${PAGE}{id:total total:unreadCount unreadCount:cursor}}`,
  `{${PAGE}{activities{title:id id:title}}}`, `{a:${PAGE}{total} b:${PAGE}{total} a:${PAGE}{cursor}}`, `{${PAGE}{hasMore ...F total} } fragment F on ActivityPage{total cursor hasMore}`, '{_:activeUsers __a:activeUsers A:activeUsers a:activeUsers}',
  // Errors of fields: what is not nullable takes its parent along.
  '{activities(limit:0){total}}', '{activeUsers activities(limit:0){total}}', '{analytics(userId:""){userId} activeUsers}', '{a:analytics(userId:""){userId} b:analytics(userId:""){userId} c:analytics(userId:"bob"){userId}}', '{x:activities(skip:-1){total}}',
  '{...F} fragment F on Query{y:activities(limit:0){total}}', '{\n  activeUsers\n  é: activeUsers}', '{\n  activeUsers # 😀\n  x: activities(limit: 0) { total }\n}', '{\r\n analytics(userId:"")\r\n{userId}}', '{analytics(userId:"") {userId} # \u2028\n}', '{unreadActivityCount(userId:"")}',
  '{x:analytics(userId:"") {userId} activeUsers x:analytics(userId:"") {cursor}}',
  // Fragments.
  `{${PAGE}{...F}}fragment F on ActivityPage{total}`, `{${PAGE}{...F}}fragment F on Activity{id}`, `{${PAGE}{...F}}`, `{${PAGE}{total}}fragment F on ActivityPage{total}`, `{${PAGE}{...on Activity{id}}}`, `{${PAGE}{...on Nope{id}}}`, `{${PAGE}{...on ID{id}}}`, `{${PAGE}{...{total}}}`,
  `{${PAGE}{...on ActivityPage{total}}}`, `{${PAGE}{... on ActivityPage{... on ActivityPage{...{total}}}}}`, 'fragment F on Nope{a} {...F}', '{activeUsers}fragment F on Nope{a}', '{...on Int{a}}', '{...on CreateActivityInput{title}}', '{...on ActivityType{a}}', '{...on Mutation{__typename}}',
  '{...F}fragment F on Mutation{__typename}', 'fragment F on Int{a} {...F}', 'fragment F on CreateActivityInput{title} {...F}', '{...{activeUsers}}', '{...on Query{activeUsers}}', '{activeUsers ...F ...F} fragment F on Query{activeUsers}', '{...F ...G} fragment F on Query{a:activeUsers} fragment G on Query{b:activeUsers ...F}',
  // Cycles.
  '{...F}fragment F on Query{...F}', '{...F}fragment F on Query{activeUsers ...F}', '{...F}fragment F on Query{...G}fragment G on Query{...F}', '{...F}fragment F on Query{...{...F}}', `{${PAGE}{...F}}fragment F on ActivityPage{activities{...G}}fragment G on Activity{id ...G}`, '{activeUsers}fragment F on Query{...F}',
  '{__type(name:"Query"){...T}}fragment T on __Type{ofType{...T}}', '{...A}fragment A on Query{...B}fragment B on Query{...C}fragment C on Query{...B activeUsers}',
  // Twice, unused.
  `{${PAGE}{...F}}fragment F on ActivityPage{total}fragment F on ActivityPage{total}`, '{activeUsers}fragment F on Query{activeUsers}', '{activeUsers}fragment F on Query{nope}', '{activeUsers}fragment F on Query{x:activeUsers x:unreadActivityCount}', '{...F}fragment F on Query{...G}fragment G on Query{activeUsers}fragment H on Query{...G}',
  '{...Nope}', '{activeUsers ...Nope}', '{...F}fragment F on Query{...Nope}', '{...F}{...F}fragment F on Query{activeUsers}',
];
