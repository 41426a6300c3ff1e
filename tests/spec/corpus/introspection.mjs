// The schema as it describes itself. https://spec.graphql.org/draft/#sec-Introspection

const TYPES = ['Query', 'Mutation', 'Subscription', 'Activity', 'ActivityPage', 'ActivityConnection', 'ActivityEdge', 'PageInfo', 'Analytics', 'CreateActivityInput', 'CreateNotificationInput', 'ActivityType', 'StatName', 'DateTime', 'Date', 'JSON', 'ID', 'Int', 'Float', 'Boolean', 'String', '__Type', '__TypeKind', 'Nope'];
const REF = 'kind name ofType{kind name ofType{kind name ofType{kind name}}}';

export default [
  ...TYPES.filter((name) => !name.startsWith('__')).map((name) => [`query($n:String!){__type(name:$n){kind name description fields{name description args{name description type{${REF}} defaultValue} type{${REF}} isDeprecated deprecationReason}
    inputFields{name description type{${REF}} defaultValue} interfaces{name} enumValues{name description isDeprecated deprecationReason} possibleTypes{name}}}`, { n: name }]),
  ...TYPES.map((name) => `{__type(name:"${name}"){kind name ofType{name}}}`),
  '{__schema{queryType{name} mutationType{name} subscriptionType{name}}}', '{__schema{queryType{kind name fields{name}}}}', '{__type(name:"Query"){fields(includeDeprecated:true){name isDeprecated}}}', '{__type(name:"ActivityType"){enumValues(includeDeprecated:false){name}}}', '{__type(name:"DateTime"){specifiedByURL}}', '{__type(name:"JSON"){specifiedByURL}}',
  '{a:__type(name:"Query"){name} b:__type(name:"Mutation"){n:name}}', '{__type(name:"Query"){...F}} fragment F on __Type{name kind}', '{__type(name:"Query"){... on __Type{name}}}', '{...F} fragment F on Query{__schema{queryType{name}}}', 'mutation{__schema{queryType{name}}}', 'mutation{__type(name:"Query"){name}}',
  '{__type{name}}', '{__type(name:null){name}}', '{__type(name:5){name}}', '{__type(nme:"Query"){name}}', '{__type(name:"Query"){nope}}', '{__schema{nope}}', '{__schema{types{name nope}}}', '{__schema(a:1){queryType{name}}}', '{__type(name:"Query"){fields(includeDeprecated:"x"){name}}}', ['query($n:String){__type(name:$n){name}}', { n: 'Query' }], ['query($n:String="Query"){__type(name:$n){name}}', {}],
  ['query($d:Boolean){__type(name:"Query"){fields(includeDeprecated:$d){name}}}', {}], ['query($d:Boolean!){__type(name:"Query"){fields @include(if:$d){name} name}}', { d: false }], '{__typename __schema{__typename}}', '{__type(name:"Query"){kind fields{name} inputFields{name} enumValues{name} possibleTypes{name} interfaces{name}}}',
  '{__schema{directives{name} queryType{name}} activeUsers nope}', '{__type(name:""){name}}', '{__type(name:"[Int]"){name}}', '{__type(name:"query"){name}}',
];
