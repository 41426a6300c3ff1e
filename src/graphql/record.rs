//! Records: objects whose fields are all at hand. What is selected of one is written as JSON in one go, a whole page with
//! its items at once, where the library would make a future, a name and a value of each field of each item.
//!
//! Fields are collected and merged as the specification has it:
//! <https://spec.graphql.org/draft/#sec-Executing-Selection-Sets>. `@skip` and `@include` are gone by then.

use std::collections::HashMap;

use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, QueryPathSegment, ServerError, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{FragmentDefinition, Selection, SelectionSet},
    registry::{MetaField, MetaTypeId, ObjectBuilder, Registry},
};
use axum::body::Bytes;

use crate::domain::Written;

use super::{json::Json, validated::Shape};

/// An object whose fields are all at hand. [`record!`] makes it a type of the schema.
pub(super) trait Record: Sized + Send + Sync + 'static {
    /// The name of the type.
    const NAME: &'static str;
    /// What it is, for people.
    const DESCRIPTION: &'static str;
    /// The fields, in the order of the schema.
    const FIELDS: &'static [Field<Self>];

    /// Room for what is written of it, where it is read again and again.
    fn written(&self) -> Option<&Written> {
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
type Write<T> = fn(&T, &Sets<'_>, &mut Json);

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

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// All that is selected at one place of the answer: a field that is named several times has a set each time.
pub(super) struct Sets<'a> {
    sets: Vec<&'a SelectionSet>,
    fragments: &'a Fragments,
}

/// A field of the answer.
struct Answer<'a, T: 'static> {
    key: &'a str,
    /// None is `__typename`.
    field: Option<&'static Field<T>>,
    below: Sets<'a>,
}

impl<'a> Sets<'a> {
    /// Writes what is selected of `record`.
    pub(super) fn record<T: Record>(&self, record: &T, json: &mut Json) {
        write(record, &self.answers(), json);
    }

    /// Writes a list of what is selected of each of `records`.
    pub(super) fn list<T: Record>(&self, records: &[T], json: &mut Json) {
        let answers = self.answers();
        json.open('[');
        for record in records {
            json.next();
            write(record, &answers, json);
        }
        json.close(']');
    }

    fn answers<T: Record>(&self) -> Vec<Answer<'a, T>> {
        let mut answers = Vec::with_capacity(T::FIELDS.len());
        for set in &self.sets {
            self.collect(set, &mut answers);
        }
        answers
    }

    fn collect<T: Record>(&self, set: &'a SelectionSet, answers: &mut Vec<Answer<'a, T>>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let (key, name) =
                        (field.node.response_key().node.as_str(), field.node.name.node.as_str());
                    let below = &field.node.selection_set.node;
                    if let Some(same) = answers.iter_mut().find(|answer| answer.key == key) {
                        same.below.sets.push(below);
                        continue;
                    }
                    let field = T::FIELDS.iter().find(|field| field.name == name);
                    // What else there is was refused by validation.
                    if field.is_some() || name == "__typename" {
                        let below = Sets { sets: vec![below], fragments: self.fragments };
                        answers.push(Answer { key, field, below });
                    }
                }
                // Validation leaves fragments on this type alone: it belongs to no interface and no union.
                Selection::InlineFragment(fragment) => {
                    self.collect(&fragment.node.selection_set.node, answers);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        self.collect(&fragment.node.selection_set.node, answers);
                    }
                }
            }
        }
    }

    /// All sets of the root fields whose key in the answer is `key`.
    fn of_root(root: &'a SelectionSet, key: &str, fragments: &'a Fragments) -> Self {
        let mut all = Self { sets: Vec::new(), fragments };
        all.find(root, key);
        all
    }

    fn find(&mut self, set: &'a SelectionSet, key: &str) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if field.node.response_key().node == key => {
                    self.sets.push(&field.node.selection_set.node);
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => self.find(&fragment.node.selection_set.node, key),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        self.find(&fragment.node.selection_set.node, key);
                    }
                }
            }
        }
    }
}

fn write<T: Record>(record: &T, answers: &[Answer<'_, T>], json: &mut Json) {
    json.open('{');
    for answer in answers {
        json.key(answer.key);
        match answer.field {
            Some(field) => (field.write)(record, &answer.below, json),
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

/// What is selected of `record`, as a value of the library.
///
/// For a root field it is [`Value::Binary`], which holds JSON here and nowhere else is used: the library only passes it on,
/// and [`Json::value`] writes it as it is. Of a root field that is named several times the library keeps the first value, so
/// that has all that is selected. In the depth it would have to take values apart to merge them, and gets plain ones.
pub(super) fn resolve<T: Record>(record: &T, ctx: &ContextSelectionSet<'_>) -> ServerResult<Value> {
    let fragments = &ctx.query_env.fragments;
    let mut json = Json::default();
    match ctx.path_node.filter(|node| node.parent.is_none()).map(|node| node.segment) {
        Some(QueryPathSegment::Name(key)) => {
            let root = &ctx.query_env.operation.node.selection_set.node;
            let write = || {
                Sets::of_root(root, key, fragments).record(record, &mut json);
                json.into_text()
            };
            // The shape of an operation says what is selected at each key.
            let text = match (record.written(), ctx.data_opt::<Shape>()) {
                (Some(written), Some(shape)) => Bytes::from_owner(written.get_or_write(shape.at(key), write)),
                _ => Bytes::from(write()),
            };
            Ok(Value::Binary(text))
        }
        _ => {
            Sets { sets: vec![&ctx.item.node], fragments }.record(record, &mut json);
            let value = serde_json::from_str(json.as_str());
            value.map_err(|error| ServerError::new(error.to_string(), Some(ctx.item.pos)))
        }
    }
}

/// Makes types that are [`Record`]s types of the schema.
macro_rules! record {
    ($($record:ty),+) => {$(
        impl ::async_graphql::OutputType for $record {
            fn type_name() -> ::std::borrow::Cow<'static, str> {
                <Self as $crate::graphql::record::Record>::NAME.into()
            }

            fn create_type_info(registry: &mut ::async_graphql::registry::Registry) -> String {
                $crate::graphql::record::register::<Self>(registry)
            }

            async fn resolve(
                &self,
                ctx: &::async_graphql::ContextSelectionSet<'_>,
                _: &::async_graphql::Positioned<::async_graphql::parser::types::Field>,
            ) -> ::async_graphql::ServerResult<::async_graphql::Value> {
                $crate::graphql::record::resolve(self, ctx)
            }
        }
    )+};
}
pub(super) use record;
