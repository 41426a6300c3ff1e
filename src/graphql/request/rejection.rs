//! Why a document or its variables are rejected, and where in the text.

use async_graphql::{Pos, ServerError};

use crate::graphql::errors::{PARSE_FAILED, VALIDATION_FAILED, cut, with_code};

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
pub(in crate::graphql) fn position(text: &str, offset: usize) -> Pos {
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
