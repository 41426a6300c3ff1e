// Activities in SQLite or PostgreSQL, as the manuals of better-sqlite3 and pg have it: prepared statements, WAL, a pool.
import Database from 'better-sqlite3';
import pg from 'pg';
import { fromRow } from './activity.mjs';

/** The store that the environment names: DATABASE_URL for PostgreSQL, or DATABASE_FILE and SYNCHRONOUS for SQLite. */
export function openStore(env) {
  return env.DATABASE_URL ? postgres(env.DATABASE_URL) : sqlite(env.DATABASE_FILE, env.SYNCHRONOUS ?? 'NORMAL');
}

const SCHEMA = `
  create table activities (
    id text primary key, user_id text not null, type text not null, title text not null, description text, data text,
    timestamp text not null, read boolean not null default false
  );
  create index activities_newest on activities (user_id, timestamp desc, id desc);
  create index activities_unread on activities (user_id, read);
`;

const page = (items, { total, unread }, { limit, skip }) => ({
  activities: items.map(fromRow),
  total: Number(total),
  hasMore: skip + Math.min(items.length, limit) < Number(total),
  unreadCount: Number(unread),
});

function sqlite(file, synchronous) {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${synchronous}`);
  database.exec(SCHEMA);
  const insert = database.prepare(
    'insert into activities (id, user_id, type, title, description, data, timestamp, read) values (?, ?, ?, ?, ?, ?, ?, 0)',
  );
  const newest = database.prepare(
    'select * from activities where user_id = ? order by timestamp desc, id desc limit ? offset ?',
  );
  const counts = database.prepare(
    'select count(*) as total, count(*) filter (where not read) as unread from activities where user_id = ?',
  );
  return {
    create(a) {
      const data = a.data === null ? null : JSON.stringify(a.data);
      insert.run(a.id, a.userId, a.type, a.title, a.description, data, a.timestamp);
      return a;
    },
    page(userId, window) {
      const items = newest.all(userId, window.limit, window.skip);
      return page(items, counts.get(userId), window);
    },
  };
}

async function postgres(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 20 });
  await pool.query(SCHEMA);
  return {
    async create(a) {
      await pool.query({
        name: 'insert',
        text:
          'insert into activities (id, user_id, type, title, description, data, timestamp) ' +
          'values ($1, $2, $3, $4, $5, $6, $7)',
        values: [
          a.id, a.userId, a.type, a.title, a.description, a.data === null ? null : JSON.stringify(a.data), a.timestamp,
        ],
      });
      return a;
    },
    async page(userId, window) {
      const [items, counts] = await Promise.all([
        pool.query({
          name: 'newest',
          text: 'select * from activities where user_id = $1 order by timestamp desc, id desc limit $2 offset $3',
          values: [userId, window.limit, window.skip],
        }),
        pool.query({
          name: 'counts',
          text:
            'select count(*) as total, count(*) filter (where not read) as unread from activities where user_id = $1',
          values: [userId],
        }),
      ]);
      return page(items.rows, counts.rows[0], window);
    },
  };
}
