//! The schema as documents are validated against it.

use std::collections::HashMap;

use apollo_compiler::{
    Name as ApolloName, Node, Schema,
    ast::{InputValueDefinition, Type},
    collections::IndexMap as ApolloMap,
    schema::ExtendedType,
    validation::Valid,
};
use async_graphql::Name;

use crate::domain::nearest;

/// Scalars of the schema that take texts alone. The other one, `JSON`, takes anything.
pub(super) const TEXT_SCALARS: [&str; 2] = ["DateTime", "Date"];

/// Letters of an enum value for each letter that may be wrong in a suggestion.
const LETTERS_PER_MISTAKE: usize = 4;

/// The schema, with indexes.
pub(super) struct TypeSystem {
    pub(super) schema: Valid<Schema>,
    /// The names of the schema, so that plans share them.
    names: HashMap<Box<str>, Name>,
    /// Whether messages may name words of the schema that the client did not.
    suggests: bool,
}

impl TypeSystem {
    /// The schema that `sdl` describes.
    ///
    /// # Panics
    /// If it is no valid schema: the program itself makes it.
    pub(super) fn new(sdl: &str, suggests: bool) -> Self {
        let schema = match Schema::parse_and_validate(sdl, "schema.graphql") {
            Ok(schema) => schema,
            Err(errors) => panic!("the schema is not valid: {errors}"),
        };
        let mut names = HashMap::new();
        for (name, definition) in &schema.types {
            let members: Vec<&ApolloName> = match definition {
                ExtendedType::Object(object) => object.fields.keys().collect(),
                ExtendedType::Enum(words) => words.values.keys().collect(),
                ExtendedType::InputObject(input) => input.fields.keys().collect(),
                _ => Vec::new(),
            };
            let fields = definition.as_object().map(|object| &object.fields);
            let arguments = fields.into_iter().flat_map(|fields| fields.values());
            let arguments = arguments.flat_map(|field| field.arguments.iter().map(|argument| &argument.name));
            for name in members.into_iter().chain(arguments).chain([name]) {
                names.entry(name.as_str().into()).or_insert_with(|| Name::new(name));
            }
        }
        for name in ["__typename", "__schema", "__type"] {
            names.insert(name.into(), Name::new(name));
        }
        Self { names, schema, suggests }
    }

    /// The name as async-graphql has it.
    pub(super) fn name(&self, text: &str) -> Name {
        self.names.get(text).cloned().unwrap_or_else(|| Name::new(text))
    }

    /// `message` about `text`, which is no word of the enum `name`, with the word that is probably meant.
    pub(super) fn suggest(&self, message: String, name: &str, text: &str) -> String {
        let words = self.schema.types.get(name).and_then(|definition| definition.as_enum());
        let Some(words) = words.filter(|_| self.suggests) else { return message };
        let words = words.values.keys().map(|word| word.as_str());
        match nearest(text, words, LETTERS_PER_MISTAKE) {
            Some(word) => format!("{message}. Did you mean {word}?"),
            None => message,
        }
    }

    /// The fields of an input object; none for another type.
    pub(super) fn input_fields(
        &self,
        ty: &Type,
    ) -> Option<&ApolloMap<ApolloName, apollo_compiler::schema::Component<InputValueDefinition>>> {
        self.schema.types.get(ty.inner_named_type())?.as_input_object().map(|input| &input.fields)
    }

    /// Whether `ty` is a scalar of [`TEXT_SCALARS`] or a list of these.
    pub(super) fn is_text_scalar(&self, ty: &Type) -> bool {
        TEXT_SCALARS.contains(&ty.inner_named_type().as_str())
    }
}

/// The byte at which a node begins.
pub(super) fn offset<T: ?Sized>(node: &Node<T>) -> usize {
    node.location().map_or(0, |span| span.offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_is_known_here() {
        let types = TypeSystem::new(&crate::graphql::sdl(), true);
        let scalars = types
            .schema
            .types
            .values()
            .filter(|definition| definition.is_scalar() && !definition.is_built_in());
        let scalars: Vec<&str> = scalars.map(|definition| definition.name().as_str()).collect();
        for name in TEXT_SCALARS.iter().chain(&["JSON"]) {
            assert!(scalars.contains(name), "{name} is not in {scalars:?}");
        }
        assert_eq!(scalars.len(), TEXT_SCALARS.len() + 1, "{scalars:?}");
    }

    /// Plans inline fragments as those of objects.
    #[test]
    fn the_schema_has_no_abstract_types() {
        let types = TypeSystem::new(&crate::graphql::sdl(), true);
        assert!(
            !types.schema.types.values().any(|definition| definition.is_interface() || definition.is_union())
        );
    }
}
