//! The one mapping of errors to GraphQL: `extensions.code`, `extensions.field`, and a message that clients may see.

use async_graphql::{Pos, ServerError};

use crate::{domain::Error, telemetry};

/// A document that cannot be read.
const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// A document that does not fit the schema or is over a limit.
pub(super) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// Errors of one response.
pub(super) const MAX_ERRORS: usize = 20;
/// Characters of a message; the rest is cut.
const MAX_MESSAGE_CHARS: usize = 400;

/// The first errors, each with a message of one line.
pub(super) fn bounded(mut errors: Vec<ServerError>) -> Vec<ServerError> {
    errors.truncate(MAX_ERRORS);
    for error in &mut errors {
        cut(&mut error.message);
    }
    errors
}

/// The GraphQL error of a domain error, at no place of the document.
pub(super) fn server_error(error: Error) -> ServerError {
    from_domain(error, ServerError::new("", None))
}

/// The GraphQL error of a domain error, with the positions and the path of `located`.
pub(super) fn from_domain(error: Error, located: ServerError) -> ServerError {
    telemetry::log_failure(&error);
    let field = error.at_field();
    let mut coded = with_code(ServerError { message: error.to_string(), ..located }, error.code());
    if let Some(field) = field {
        coded.extensions.get_or_insert_default().set("field", field);
    }
    coded
}

/// The error with `code`; one that has a code keeps it.
pub(super) fn with_code(mut error: ServerError, code: &str) -> ServerError {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    error
}

/// Cuts a message to one line of at most [`MAX_MESSAGE_CHARS`].
fn cut(message: &mut String) {
    let line = message.lines().next().unwrap_or_default();
    let end = line.char_indices().nth(MAX_MESSAGE_CHARS).map_or(line.len(), |(end, _)| end);
    if end < message.len() {
        message.truncate(end);
        message.push('…');
    }
}

/// A request error: the operation was not executed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    message: String,
    /// Byte of the text.
    offset: Option<usize>,
    code: &'static str,
}

impl Rejection {
    /// A text that is no GraphQL document.
    pub(super) fn syntax(message: impl Into<String>, offset: usize) -> Self {
        Self { message: message.into(), offset: Some(offset), code: PARSE_FAILED }
    }

    /// A document that does not fit the schema, exceeds a limit, or whose variables do not fit.
    pub(super) fn validation(message: impl Into<String>, offset: Option<usize>) -> Self {
        Self { message: message.into(), offset, code: VALIDATION_FAILED }
    }

    /// The error as clients see it; `text` gives its place.
    pub(super) fn into_error(self, text: &str) -> ServerError {
        let position = self.offset.map(|offset| position(text, offset));
        let mut message = sentence(self.message);
        // It may quote a name of the document.
        cut(&mut message);
        with_code(ServerError::new(message, position), self.code)
    }
}

/// The line and the column, in characters, of a byte of `text`. Lines end as the specification says:
/// <https://spec.graphql.org/September2025/#sec-Line-Terminators>
pub(super) fn position(text: &str, offset: usize) -> Pos {
    let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
    let (mut line, mut start) = (1, 0);
    for (index, byte) in before.bytes().enumerate() {
        let next = text.as_bytes().get(index + 1);
        if byte == b'\n' || (byte == b'\r' && next != Some(&b'\n')) {
            line += 1;
            start = index + 1;
        }
    }
    Pos { line, column: before[start..].chars().count() + 1 }
}

/// A message of a library as a sentence: with a capital and a full stop.
fn sentence(mut message: String) -> String {
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !message.ends_with(['.', '?', '!']) {
        message.push('.');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_their_messages_are_bounded() {
        let error = |message: &str| ServerError::new(message, None);
        let mut errors = vec![error("one\ntwo"), error(&"é".repeat(401)), error(&"x".repeat(400))];
        errors.extend((0..50).map(|_| error("more")));
        let bounded = bounded(errors);
        assert_eq!(bounded.len(), 20);
        assert_eq!(bounded[0].message, "one…");
        assert_eq!(bounded[1].message, "é".repeat(400) + "…");
        assert_eq!(bounded[2].message, "x".repeat(400));
    }

    #[test]
    fn a_byte_has_its_line_and_column() {
        let text = "{ é\r\n  a\rb\n\nc";
        for (offset, line, column) in
            [(0, 1, 1), (4, 1, 4), (6, 2, 1), (8, 2, 3), (10, 3, 1), (13, 5, 1), (99, 5, 2)]
        {
            assert_eq!(position(text, offset), Pos { line, column }, "byte {offset}");
        }
    }

    #[test]
    fn messages_are_sentences() {
        assert_eq!(sentence("type `A` has no field `b`".into()), "Type `A` has no field `b`.");
        assert_eq!(sentence("Done.".into()), "Done.");
        assert_eq!(sentence("".into()), ".");
        assert_eq!(sentence("é".into()), "é.");
    }
}
