//! Rows and values as both drivers have them: what a statement returns, and what a table takes.

#![expect(unreachable_pub, reason = "an associated type of a public trait may name only public types")]

use std::sync::OnceLock;

use sea_orm::QueryResult;

use crate::domain::Result;

use super::error::{domain_error, sqlite_error};

/// A row of a result, of either driver.
pub enum Row<'a> {
    /// A row of rusqlite, valid until the next one is read.
    Sqlite(&'a rusqlite::Row<'a>),
    /// A row of sea-orm.
    Postgres(&'a QueryResult),
}

/// A type that a column of either driver can have.
pub trait ColumnValue: rusqlite::types::FromSql + sea_orm::TryGetable {}

impl<T: rusqlite::types::FromSql + sea_orm::TryGetable> ColumnValue for T {}

impl Row<'_> {
    /// The column at `index`, counted from 0.
    ///
    /// # Errors
    /// INTERNAL where the column is missing or of another type.
    pub fn get<T: ColumnValue>(&self, index: usize) -> Result<T> {
        match self {
            Self::Sqlite(row) => row.get(index).map_err(sqlite_error),
            Self::Postgres(row) => row.try_get_by_index(index).map_err(domain_error),
        }
    }

    /// The columns from `index` on, to be taken one after the other.
    pub fn columns(&self, index: usize) -> Columns<'_> {
        Columns { row: self, index }
    }
}

/// The columns of a row that were not taken yet.
pub struct Columns<'a> {
    row: &'a Row<'a>,
    index: usize,
}

impl Columns<'_> {
    /// The next column.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn take<T: ColumnValue>(&mut self) -> Result<T> {
        self.index += 1;
        self.row.get(self.index - 1)
    }
}

/// A value of a row that is to be inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// Text.
    Text(&'a str),
}

/// A type that a column of a table has.
pub trait ColumnType {
    /// Its name in PostgreSQL.
    const POSTGRES: &'static str;

    /// The value as a cell.
    fn cell(&self) -> Cell<'_>;
}

impl ColumnType for String {
    const POSTGRES: &'static str = "text";

    fn cell(&self) -> Cell<'_> {
        Cell::Text(self)
    }
}

impl ColumnType for i64 {
    const POSTGRES: &'static str = "bigint";

    fn cell(&self) -> Cell<'_> {
        Cell::Int(*self)
    }
}

impl ColumnType for bool {
    const POSTGRES: &'static str = "boolean";

    fn cell(&self) -> Cell<'_> {
        Cell::Bool(*self)
    }
}

impl<T: ColumnType> ColumnType for Option<T> {
    const POSTGRES: &'static str = T::POSTGRES;

    fn cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Null, T::cell)
    }
}

/// A table, described by its sea-orm entity. Implemented by [`entity!`](super::entity).
pub trait Table: serde::Serialize + serde::de::DeserializeOwned + Sized + Send + Sync + 'static {
    /// The statements of the table.
    fn sql() -> &'static TableSql;

    /// The row, of the columns in the order of the entity.
    ///
    /// # Errors
    /// As [`Row::get`].
    fn read(columns: &mut Columns<'_>) -> Result<Self>;

    /// Calls `take` with each value, in the order of the columns.
    fn each_cell<'a>(&'a self, take: impl FnMut(Cell<'a>));
}

/// Texts that follow from the columns of a table, made once.
pub struct TableSql {
    /// The name of the table.
    pub name: String,
    /// The columns, in the order of the entity.
    pub columns: Vec<String>,
    /// The columns with their types in PostgreSQL.
    #[cfg(test)]
    pub types: Vec<(String, String)>,
    /// The columns with commas between.
    pub list: String,
    /// The same of the table under the name `i`.
    pub items: String,
    /// A page of a feed, once it was read.
    pub page: OnceLock<String>,
    /// Inserts one row, whose values are the parameters.
    pub insert: String,
    /// Inserts rows, which are the one parameter: a JSON list of objects.
    pub insert_list: String,
}

impl TableSql {
    /// The statements of the table `name` with `columns`, each with its type in PostgreSQL.
    pub fn new(name: &str, columns: &[(&str, &str)]) -> Self {
        let names: Vec<String> = columns.iter().map(|(column, _)| (*column).to_owned()).collect();
        let list = names.join(", ");
        let places = (1..=names.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let typed: Vec<String> = columns.iter().map(|(column, kind)| format!("{column} {kind}")).collect();
        Self {
            insert: format!("INSERT INTO {name} ({list}) VALUES ({places})"),
            insert_list: format!(
                "INSERT INTO {name} ({list}) SELECT {list} FROM json_to_recordset($1::json) AS new ({})",
                typed.join(", ")
            ),
            #[cfg(test)]
            types: columns.iter().map(|(column, kind)| ((*column).to_owned(), (*kind).to_owned())).collect(),
            items: aliased(&names, "i"),
            page: OnceLock::new(),
            name: name.to_owned(),
            columns: names,
            list,
        }
    }

    /// The columns of the table under the name `alias`, with commas between.
    pub fn list_of(&self, alias: &str) -> String {
        aliased(&self.columns, alias)
    }
}

fn aliased(columns: &[String], alias: &str) -> String {
    columns.iter().map(|column| format!("{alias}.{column}")).collect::<Vec<_>>().join(", ")
}
