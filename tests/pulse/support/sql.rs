//! SQL past the server: on a file of SQLite, or a database of PostgreSQL.

use std::sync::Mutex;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Map, Value, json};

/// A connection of its own.
pub enum Sql {
    Sqlite(Mutex<rusqlite::Connection>),
    Postgres(DatabaseConnection),
}

/// A row: values by the names of their columns.
pub type Row = Map<String, Value>;

impl Sql {
    /// Connects to the database at `url`; an error where there is none.
    pub async fn try_connect(url: &str) -> Result<Self, String> {
        let Some(file) = url.strip_prefix("sqlite://") else {
            let options = ConnectOptions::new(url).max_connections(1).to_owned();
            return Database::connect(options).await.map(Self::Postgres).map_err(|error| error.to_string());
        };
        let file = file.split('?').next().unwrap();
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection =
            rusqlite::Connection::open_with_flags(file, flags).map_err(|error| error.to_string())?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        Ok(Self::Sqlite(Mutex::new(connection)))
    }

    pub async fn connect(url: &str) -> Self {
        Self::try_connect(url).await.unwrap()
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    pub async fn execute(&self, sql: &str) {
        let done = match self {
            Self::Sqlite(connection) => {
                connection.lock().unwrap().execute_batch(sql).map_err(|error| error.to_string())
            }
            Self::Postgres(pool) => {
                pool.execute_unprepared(sql).await.map(drop).map_err(|error| error.to_string())
            }
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub async fn try_rows(&self, sql: &str) -> Result<Vec<Row>, String> {
        match self {
            Self::Sqlite(connection) => {
                sqlite_rows(&connection.lock().unwrap(), sql).map_err(|error| error.to_string())
            }
            Self::Postgres(pool) => {
                // EXPLAIN is no subquery; its one column is JSON already.
                let wrapped = match sql.starts_with("EXPLAIN") {
                    true => sql.to_owned(),
                    false => format!("SELECT row_to_json(t) AS row FROM ({sql}) t"),
                };
                let statement = Statement::from_string(pool.get_database_backend(), wrapped);
                let rows = pool.query_all_raw(statement).await.map_err(|error| error.to_string())?;
                let value = |row: &sea_orm::QueryResult| row.try_get_by_index::<Value>(0).unwrap();
                Ok(rows
                    .iter()
                    .map(|row| match value(row) {
                        Value::Object(row) => row,
                        other => Map::from_iter([("value".to_owned(), other)]),
                    })
                    .collect())
            }
        }
    }

    pub async fn rows(&self, sql: &str) -> Vec<Row> {
        self.try_rows(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The number of rows of `what`: a table, with a condition or without.
    pub async fn count(&self, what: &str) -> i64 {
        self.rows(&format!("SELECT COUNT(*) AS count FROM {what}")).await[0]["count"].as_i64().unwrap()
    }

    pub async fn close(self) {
        if let Self::Postgres(pool) = self {
            pool.close().await.unwrap();
        }
    }
}

fn sqlite_rows(connection: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<Row>> {
    use rusqlite::types::ValueRef;

    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    // Of an EXPLAIN parameters may stay unbound.
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut values = Row::new();
        for (index, name) in names.iter().enumerate() {
            let value = match row.get_ref(index)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => json!(number),
                ValueRef::Real(number) => json!(number),
                ValueRef::Text(text) | ValueRef::Blob(text) => json!(String::from_utf8_lossy(text)),
            };
            values.insert(name.clone(), value);
        }
        found.push(values);
    }
    Ok(found)
}
