// Mutations, each of a user of its own: what they answer, and that what is refused is not done.

const compare = (query, variables) => ({ query, variables, compare: true });

export default [
  compare(
    'mutation{createActivity(input:{userId:"m1",type:LOG_CREATED,title:"Title",description:"More",data:{a:[1,2.5,true,null,"x"]}}){id userId type title description data timestamp read cursor}}',
  ),
  compare(
    'mutation($t:ActivityType!,$d:JSON){createActivity(input:{userId:"m2",type:$t,title:"Title",data:{in:$d,list:[$d,1]}}){type data}}',
    { t: 'SKILL_ADDED', d: { deep: [1] } },
  ),
  compare(
    'mutation($t:ActivityType!,$d:JSON){createActivity(input:{userId:"m3",type:$t,title:"Title",data:{in:$d}}){type data}}',
    { t: 'SKILL_ADDED' },
  ),
  compare(
    'mutation{createNotification(input:{userId:"m4",type:SOCIAL,title:"Title",message:"Message",actionUrl:"/x"}){id userId type title message read actionUrl createdAt expiresAt}}',
  ),
  compare('mutation{createNotification(input:{userId:"m5",type:SOCIAL,title:"Title",message:"Message"}){actionUrl}}'),
  compare(
    'mutation{initAnalytics(userId:"m6"){userId totalLearningHours logsCreated weeklyData{date} monthlyData{month} updatedAt}}',
  ),
  compare(
    'mutation{updateLearningHours(userId:"m7",hours:0.1){totalLearningHours} again:updateLearningHours(userId:"m7",hours:2){totalLearningHours}}',
  ),
  compare('mutation{updateStreak(userId:"m8",currentStreak:3,longestStreak:1){currentStreak longestStreak}}'),
  compare(
    'mutation{incrementStat(userId:"m9",statName:GOALS_COMPLETED){goalsCompleted} more:incrementStat(userId:"m9",statName:GOALS_COMPLETED,incrementBy:4){goalsCompleted} less:incrementStat(userId:"m9",statName:GOALS_COMPLETED,incrementBy:-2){goalsCompleted}}',
  ),
  compare(
    'mutation{addWeeklyData(userId:"m10",date:"2026-03-01",hoursLogged:1.5,logsCount:2){weeklyData{date hoursLogged logsCount} monthlyData{month hoursLogged logsCount}}}',
  ),
  compare(
    'mutation{markAllActivitiesRead(userId:"m11"){modifiedCount} markAllNotificationsRead(userId:"m11"){modifiedCount} clearNotifications(userId:"m11"){deletedCount}}',
  ),
  // Errors: one at a time, in order; the first one takes all along, for no mutation is nullable.
  compare('mutation{updateLearningHours(userId:"m12",hours:0){userId}}'),
  compare('mutation{incrementStat(userId:"m13",statName:LOGS_CREATED,incrementBy:0){userId}}'),
  compare('mutation{updateStreak(userId:"m14",currentStreak:-1,longestStreak:0){userId}}'),
  compare('mutation{markActivityRead(id:"000000000000000000000000"){id}}'),
  compare('mutation{deleteActivity(id:"x"){id}}'),
  compare('mutation{markNotificationRead(id:7){id}}'),
  compare('mutation{deleteNotification(id:"000000000000000000000000"){id message}}'),
  compare('mutation{createActivity(input:{type:LOGIN,title:""}){id}}'),
  compare('mutation{createActivity(input:{userId:"",type:LOGIN,title:"t"}){id}}'),
  'mutation{createNotification(input:{userId:"m15",type:SYSTEM,title:"t"}){id}}',
  'mutation{createNotification(input:{userId:"m15",type:LOGIN,title:"t",message:"m"}){id}}',
  'mutation{incrementStat(userId:"m15",statName:logsCreated){userId}}',
  'mutation{incrementStat(userId:"m15"){userId}}',
  'mutation{markActivityRead{id}}',
  'mutation{markActivityRead(id:null){id}}',
  'mutation{deleteActivity(id:"x"){id nope}}',
  'mutation{createActivity(input:{type:LOGIN,title:"t"})}',
  'mutation{createActivity(input:{type:LOGIN,title:"t"},nope:1){id}}',
  'mutation{createActivity(type:LOGIN,title:"t"){id}}',
];
