-- What PostGraphile makes its types of: `Activity` and `ActivityType`. The other fields of the schema are the plugin's.
create type activity_type as enum (
  'login', 'log_created', 'goal_completed', 'skill_added', 'portfolio_updated', 'email_sent'
);

create table activities (
  id text primary key, user_id text not null, type activity_type not null, title text not null, description text,
  data jsonb, timestamp timestamptz not null, read boolean not null default false
);
create index activities_newest on activities (user_id, timestamp desc, id desc);
create index activities_unread on activities (user_id, read);
