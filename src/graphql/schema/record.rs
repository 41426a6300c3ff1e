//! Records: objects whose fields are all at hand. The selection of a record is written as JSON in one go, a whole page with
//! its items at once, where the library would make a future, a name and a value of each field of each item.
//!
//! What is executed is a [`Plan`](crate::graphql::workarounds::plan::Plan): its fields are merged, and no fragments are left.

use async_graphql::{
    ContextSelectionSet, OutputType, QueryPathSegment, ServerError, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Selection, SelectionSet},
    registry::{MetaField, MetaTypeId, ObjectBuilder, Registry},
};
use axum::body::Bytes;

use crate::{
    graphql::{errors::server_error, json::JsonWriter},
    service::EncodeOnce,
};

use super::budget::ResponseBudget;

/// An object whose fields are all at hand. [`record!`] makes it a type of the schema.
pub(super) trait Record: Sized + Send + Sync + 'static {
    /// The name of the type.
    const NAME: &'static str;
    /// What it is, for people.
    const DESCRIPTION: &'static str;
    /// The fields, in the order of the schema.
    const FIELDS: &'static [Field<Self>];

    /// A cache of its encodings, where it is read often.
    fn encoded(&self) -> Option<&EncodeOnce> {
        None
    }
}

/// A field of the record `T`.
pub(super) struct Field<T> {
    name: &'static str,
    description: &'static str,
    /// Registers its type; returns how it is written in the schema.
    kind: fn(&mut Registry) -> String,
    write: Write<T>,
}

/// Writes the value of a field as JSON; of an object, what is selected.
type Write<T> = fn(&T, Selected<'_>, &mut JsonWriter);

impl<T> Field<T> {
    /// A field of type `K`.
    pub(super) const fn new<K: OutputType>(
        name: &'static str,
        description: &'static str,
        write: Write<T>,
    ) -> Self {
        Self { name, description, kind: K::create_type_info, write }
    }
}

/// The selection at one place of the response.
#[derive(Clone, Copy)]
pub(super) struct Selected<'a>(&'a SelectionSet);

/// A field of the answer.
struct ResponseField<'a, T: 'static> {
    key: &'a str,
    /// None is `__typename`.
    field: Option<&'static Field<T>>,
    below: Selected<'a>,
}

impl<'a> Selected<'a> {
    /// Writes what is selected of `record`.
    pub(super) fn record<T: Record>(self, record: &T, json: &mut JsonWriter) {
        write(record, &self.fields(), json);
    }

    /// Writes a list of what is selected of each of `records`.
    pub(super) fn list<T: Record>(self, records: &[T], json: &mut JsonWriter) {
        let fields = self.fields();
        json.open('[');
        for record in records {
            // An answer that is too long is not sent.
            if json.is_full() {
                break;
            }
            json.next();
            write(record, &fields, json);
        }
        json.close(']');
    }

    fn fields<T: Record>(self) -> Vec<ResponseField<'a, T>> {
        let fields = self.0.items.iter().filter_map(|item| {
            let Selection::Field(field) = &item.node else { return None };
            let (key, name) = (field.node.response_key().node.as_str(), field.node.name.node.as_str());
            let below = Selected(&field.node.selection_set.node);
            let field = T::FIELDS.iter().find(|field| field.name == name);
            // Validation rejected any other name.
            (field.is_some() || name == "__typename").then_some(ResponseField { key, field, below })
        });
        fields.collect()
    }
}

fn write<T: Record>(record: &T, fields: &[ResponseField<'_, T>], json: &mut JsonWriter) {
    json.open('{');
    for selected in fields {
        json.key(selected.key);
        match selected.field {
            Some(field) => (field.write)(record, selected.below, json),
            None => json.text(T::NAME),
        }
    }
    json.close('}');
}

/// Puts the type into the registry; returns how it is written in the schema.
pub(super) fn register<T: Record + OutputType>(registry: &mut Registry) -> String {
    registry.create_output_type::<T, _>(MetaTypeId::Object, |registry| {
        let fields = T::FIELDS.iter().map(|field| {
            let mut meta = MetaField::new(field.name, (field.kind)(registry));
            meta.description = Some(field.description.to_owned());
            (field.name.to_owned(), meta)
        });
        let fields: IndexMap<String, MetaField> = fields.collect();
        let object = ObjectBuilder::new(T::NAME, fields).description(Some(T::DESCRIPTION.to_owned()));
        object.rust_typename(std::any::type_name::<T>()).build()
    })
}

/// Identifies a selection: that of one plan, with the variables that it depends on.
#[derive(Clone, Copy, Debug)]
pub(in crate::graphql) struct PlanKey(pub(in crate::graphql) u128);

impl PlanKey {
    /// The key of the root field that is the `index`th of the plan.
    fn of_root(self, index: usize) -> u128 {
        self.0 ^ (index as u128) << 96
    }
}

/// The selection of `record`, as a value of the library.
///
/// It is [`Value::Binary`], which holds JSON here and nowhere else is used: the library only passes it on, because a plan names
/// no field twice, and [`JsonWriter::value`] writes it as it is.
///
/// # Errors
/// An answer with more bytes than it may have.
pub(super) async fn resolve<T: Record>(record: &T, ctx: &ContextSelectionSet<'_>) -> ServerResult<Value> {
    let selected = Selected(&ctx.item.node);
    let budget = ctx.data_opt::<ResponseBudget>();
    let write = || {
        // A text that is cut is longer than what is kept of a page.
        let mut json =
            budget.map_or_else(JsonWriter::default, |budget| JsonWriter::with_limit(budget.max_bytes()));
        selected.record(record, &mut json);
        json.into_text()
    };
    let kept = record.encoded().zip(ctx.data_opt::<PlanKey>()).zip(root_index(ctx));
    let text = match kept {
        Some(((encoded, key), index)) => Bytes::from_owner(encoded.get_or_encode(key.of_root(index), write)),
        None => Bytes::from(write()),
    };
    if let Some(budget) = budget {
        budget.spend(text.len()).await.map_err(|error| {
            ctx.set_error_path(ServerError { locations: vec![ctx.item.pos], ..server_error(error) })
        })?;
    }
    Ok(Value::Binary(text))
}

/// Which of the root fields is resolved; none where it is no root field.
fn root_index(ctx: &ContextSelectionSet<'_>) -> Option<usize> {
    let node = ctx.path_node.filter(|node| node.parent.is_none())?;
    let QueryPathSegment::Name(key) = node.segment else { return None };
    let mut roots = ctx.query_env.operation.node.selection_set.node.items.iter();
    roots.position(
        |item| matches!(&item.node, Selection::Field(field) if field.node.response_key().node == key),
    )
}

/// Makes types that are [`Record`]s types of the schema.
macro_rules! record {
    ($($record:ty),+) => {$(
        impl ::async_graphql::OutputType for $record {
            fn type_name() -> ::std::borrow::Cow<'static, str> {
                <Self as $crate::graphql::schema::record::Record>::NAME.into()
            }

            fn create_type_info(registry: &mut ::async_graphql::registry::Registry) -> String {
                $crate::graphql::schema::record::register::<Self>(registry)
            }

            async fn resolve(
                &self,
                ctx: &::async_graphql::ContextSelectionSet<'_>,
                _: &::async_graphql::Positioned<::async_graphql::parser::types::Field>,
            ) -> ::async_graphql::ServerResult<::async_graphql::Value> {
                $crate::graphql::schema::record::resolve(self, ctx).await
            }
        }
    )+};
}
pub(super) use record;
