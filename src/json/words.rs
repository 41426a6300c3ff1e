//! Closed sets of words of the domain as schemas.

use utoipa::openapi::{Object, ObjectBuilder, Type};

/// The schema of a string that is one of the words of `all`.
pub(super) fn words<T: Copy>(description: &str, all: &[T], word: fn(T) -> &'static str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(all.iter().copied().map(word)))
        .build()
}
