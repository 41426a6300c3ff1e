// Pages by cursor, as Relay asks for them: variables that are left out, sent as null, or sent.
// https://relay.dev/graphql/connections.htm

const QUERY = `query Feed($user:ID,$first:Int,$after:String,$last:Int,$before:String,$type:ActivityType,$unread:Boolean){
  activityConnection(userId:$user,first:$first,after:$after,last:$last,before:$before,type:$type,unreadOnly:$unread){
    edges{cursor node{id title type read}} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}}}`;
const NOTIFICATIONS = `query Feed($first:Int=2,$after:String,$type:NotificationType){
  notificationConnection(first:$first,after:$after,type:$type){edges{...Edge} pageInfo{...Info}}}
  fragment Edge on NotificationEdge{cursor node{id __typename}} fragment Info on PageInfo{endCursor hasNextPage}`;

export default [
  ...[
    {},
    undefined,
    null,
    { first: 2 },
    { last: 2 },
    { first: 0 },
    { last: 0 },
    { first: 200 },
    { first: 201 },
    { first: -1 },
    { last: -1 },
    { first: 1, last: 1 },
    { first: null, last: 2 },
    { first: null, after: null, last: null, before: null, type: null, unread: null },
    { type: 'LOGIN' },
    { type: 'LOGIN', first: 2 },
    { unread: true, first: 3 },
    { unread: false, first: 3 },
    { user: 'bob' },
    { user: 'bob', first: 7 },
    { user: 'bob', first: 6 },
    { user: 'bob', last: 6 },
    { user: 'nobody' },
    { user: null, first: 1 },
    { after: '' },
    { after: 'x' },
    { before: 'x' },
    { after: 'AAAAAAAAAAAAAAAAAAAAAA' },
    { first: 2.5 },
    { first: '2' },
    { type: 'login' },
    { unread: 'true' },
    { user: '' },
    { nope: 1 },
  ].map((variables) => [QUERY, variables]),
  ...[{}, { first: 5 }, { first: null }, { type: 'SYSTEM' }, { first: 3, type: 'MILESTONE' }, { type: 'LOGIN' }].map(
    (variables) => [NOTIFICATIONS, variables],
  ),
  // Cursors of the fixture; `$name` in a variable stands for one.
  ...[
    { first: 3, after: '$second' },
    { last: 3, before: '$second' },
    { last: 3, after: '$second' },
    { first: 3, before: '$last' },
    { after: '$last' },
    { before: '$first' },
    { after: '$head' },
    { before: '$head', first: 1 },
    { after: '$second', before: '$last', first: 100 },
    { after: '$last', before: '$second' },
    { after: '$second', type: 'LOGIN' },
    { before: '$last', unread: true },
    { after: '$second', user: 'nobody' },
    { after: '$future' },
    { before: '$foreign' },
  ].map((variables) => [QUERY, variables]),
];
