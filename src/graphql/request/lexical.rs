//! The tokens of a document, before the parser sees them: bounds on their number and nesting, and what the parser of
//! apollo-compiler 1.33.1 does not do by the specification.
//!
//! It drops an argument or an input field that has no value, and it refuses the descriptions of operations, fragments
//! and variables (<https://spec.graphql.org/September2025/#Description>). `tests` below fails when it no longer does.

use std::borrow::Cow;

use apollo_parser::{Lexer, TokenKind};

use crate::graphql::errors::Rejection;

/// Tokens of a document, blanks and comments included.
pub(super) const MAX_TOKENS: usize = 16_000;
/// Brackets that are open at the same time.
pub(super) const MAX_NESTING: usize = 100;
/// Keys of one input object or list of arguments: apollo-compiler compares those of equal fields each with each.
const MAX_KEYS: usize = 1_000;
/// Characters of a name; an alias is written once for each item of a page.
const MAX_NAME_CHARS: usize = 256;

/// What an open bracket encloses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Selections,
    Variables,
    List,
    /// Arguments or an input object: keys with values.
    Members(Expect),
}

/// What comes next between the brackets of [`Bracket::Members`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Key,
    Colon {
        /// Byte of the key.
        key: usize,
    },
    Value,
    /// The name of a variable, after its dollar.
    Variable,
}

/// A text whose tokens are within bounds.
#[derive(Debug)]
pub(super) struct Scanned<'a> {
    /// Text for the parser of apollo-compiler, as long as the original: descriptions are blanks in it.
    pub(super) text: Cow<'a, str>,
    /// Whether there are lists or objects among the values.
    pub(super) has_compound_values: bool,
}

/// Scans the tokens of `text`.
///
/// # Errors
/// A text with a token that is none, with more than [`MAX_TOKENS`] tokens or [`MAX_NESTING`] brackets open, with a name
/// of more than [`MAX_NAME_CHARS`], with an object of more than [`MAX_KEYS`], or with a key that has no value.
pub(super) fn scan(text: &str) -> Result<Scanned<'_>, Rejection> {
    let mut scan = Scan::default();
    for (index, token) in Lexer::new(text).enumerate() {
        let token = token.map_err(|error| {
            Rejection::syntax(format!("syntax error: {}", error.message()), error.index())
        })?;
        if index >= MAX_TOKENS {
            let message = format!("the document has more than {MAX_TOKENS} tokens");
            return Err(Rejection::validation(message, Some(token.index())));
        }
        if token.kind() == TokenKind::Name && token.data().len() > MAX_NAME_CHARS {
            let message = format!("a name has more than {MAX_NAME_CHARS} characters");
            return Err(Rejection::validation(message, Some(token.index())));
        }
        if !matches!(token.kind(), TokenKind::Whitespace | TokenKind::Comment | TokenKind::Comma) {
            scan.token(token.kind(), token.index(), token.data())?;
        }
    }
    Ok(Scanned { text: blank(text, &scan.descriptions), has_compound_values: scan.has_compound_values })
}

#[derive(Default)]
struct Scan {
    open: Vec<Bracket>,
    /// Of each open bracket, how many keys came.
    keys: Vec<usize>,
    /// The kinds of the last two tokens.
    last: [Option<TokenKind>; 2],
    /// A text that may describe what follows: its first byte, and the byte after it.
    candidate: Option<(usize, usize)>,
    descriptions: Vec<(usize, usize)>,
    has_compound_values: bool,
}

impl Scan {
    fn token(&mut self, kind: TokenKind, at: usize, data: &str) -> Result<(), Rejection> {
        self.describe(kind, at, data);
        match kind {
            TokenKind::LParen | TokenKind::LCurly | TokenKind::LBracket => {
                let bracket = self.bracket(kind);
                self.has_compound_values |= matches!(self.open.last(), Some(Bracket::Members(_)));
                self.value_begins(at)?;
                self.open.push(bracket);
                self.keys.push(0);
                if self.open.len() > MAX_NESTING {
                    let message = format!("the document is nested more than {MAX_NESTING} levels deep");
                    return Err(Rejection::validation(message, Some(at)));
                }
            }
            TokenKind::RParen | TokenKind::RCurly | TokenKind::RBracket => {
                self.value_begins(at)?;
                self.open.pop();
                self.keys.pop();
            }
            _ => self.member(kind, at)?,
        }
        self.last = [Some(kind), self.last[0]];
        Ok(())
    }

    fn bracket(&self, kind: TokenKind) -> Bracket {
        let directive = self.last == [Some(TokenKind::Name), Some(TokenKind::At)];
        match (kind, self.open.last()) {
            (TokenKind::LBracket, _) => Bracket::List,
            (TokenKind::LParen, None) if !directive => Bracket::Variables,
            (TokenKind::LParen, _) => Bracket::Members(Expect::Key),
            (_, None | Some(Bracket::Selections)) => Bracket::Selections,
            _ => Bracket::Members(Expect::Key),
        }
    }

    /// A bracket: after it, a value that was expected has come.
    fn value_begins(&mut self, at: usize) -> Result<(), Rejection> {
        self.member(TokenKind::LBracket, at)
    }

    /// Follows keys and values; whatever else is wrong is left to the parser.
    fn member(&mut self, kind: TokenKind, at: usize) -> Result<(), Rejection> {
        let (Some(Bracket::Members(expect)), Some(keys)) = (self.open.last_mut(), self.keys.last_mut())
        else {
            return Ok(());
        };
        if (*expect, kind) == (Expect::Key, TokenKind::Name) {
            *keys += 1;
            if *keys > MAX_KEYS {
                let message = format!("an object has more than {MAX_KEYS} keys");
                return Err(Rejection::validation(message, Some(at)));
            }
        }
        *expect = match (*expect, kind) {
            (Expect::Key, TokenKind::Name) => Expect::Colon { key: at },
            (Expect::Colon { .. }, TokenKind::Colon) => Expect::Value,
            (Expect::Colon { key }, _) => {
                let message = "syntax error: a name must be followed by `:` and a value here";
                return Err(Rejection::syntax(message, key));
            }
            (Expect::Value, TokenKind::Dollar) => Expect::Variable,
            _ => Expect::Key,
        };
        Ok(())
    }

    /// Notes texts that are descriptions: of an operation, a fragment or a variable.
    fn describe(&mut self, kind: TokenKind, at: usize, data: &str) {
        let described = match (kind, &self.open[..]) {
            (TokenKind::Name, []) => matches!(data, "query" | "mutation" | "subscription" | "fragment"),
            (TokenKind::Dollar, [Bracket::Variables]) => true,
            _ => false,
        };
        let candidate = self.candidate.take();
        self.descriptions.extend(candidate.filter(|_| described));
        // Where a definition may begin.
        let begins = match &self.open[..] {
            [] => matches!(self.last[0], None | Some(TokenKind::RCurly)),
            [Bracket::Variables] => {
                let ended = !matches!(
                    self.last[0],
                    Some(TokenKind::Dollar | TokenKind::Colon | TokenKind::Eq | TokenKind::At)
                );
                ended && candidate.is_none()
            }
            _ => false,
        };
        if kind == TokenKind::StringValue && begins {
            self.candidate = Some((at, at + data.len()));
        }
    }
}

/// `text` with blanks in place of `ranges`; lines stay lines.
fn blank<'a>(text: &'a str, ranges: &[(usize, usize)]) -> Cow<'a, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut blanked = String::with_capacity(text.len());
    let mut end = 0;
    for &(from, to) in ranges {
        blanked.push_str(&text[end..from]);
        blanked.extend(
            text[from..to]
                .bytes()
                .map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' }),
        );
        end = to;
    }
    blanked.push_str(&text[end..]);
    Cow::Owned(blanked)
}

#[cfg(test)]
mod tests {
    use apollo_compiler::parser::Parser;

    use super::*;

    fn message(text: &str) -> Option<String> {
        scan(text).err().map(|rejection| rejection.into_error(text).message)
    }

    #[test]
    fn a_key_needs_a_value() {
        for text in [
            "{a(b)}",
            "{a(b:1 c)}",
            "{a(b:{c})}",
            "{a(b:[{c d:1}])}",
            "query @a(b) {c}",
            "{a @b(c)}",
            "{a(b:$c d)}",
        ] {
            assert_eq!(
                message(text).as_deref(),
                Some("Syntax error: a name must be followed by `:` and a value here."),
                "{text}"
            );
        }
        for text in [
            "{a(b:1 c:E d:[E F {g:$h}] i:{j:{}} k:\"l\" m:$n)}",
            "query A($a:[Int!]={b:1} $c:D=E @f(g:1)) @h(i:$a) {j{k(l:1) m: n}}",
            "{a @b(c:D) @e ...F @g(h:I)}",
        ] {
            assert_eq!(message(text), None, "{text}");
        }
    }

    #[test]
    fn descriptions_are_blanks_of_the_same_length() {
        let described = "\"é\" query A(\"b\" $c: String = \"d\" \"\"\"e\n\"\"\" $f: Int) {g(h:\"i\")}\n\"j\"\nfragment K on L {m}";
        let text = scan(described).unwrap().text;
        assert_eq!(text.len(), described.len());
        for gone in ["é", "\"b\"", "\"\"\"", "\"j\""] {
            assert!(!text.contains(gone), "{gone} {text}");
        }
        for kept in ["\"d\"", "\"i\"", "$f: Int", "\n"] {
            assert!(text.contains(kept), "{kept} {text}");
        }
        for text in [
            "query \"a\" query {b}",
            "fragment \"a\" fragment on Q {b}",
            "\"a\" \"b\" query {c}",
            "\"a\" {b}",
            "{a(\"b\" c:1)}",
            "query(\"a\"){b}",
            "{a(b:1 \"c\" d:1)}",
        ] {
            assert_eq!(scan(text).unwrap().text, text);
        }
    }

    #[test]
    fn tokens_and_brackets_have_bounds() {
        let nested = |depth| format!("{{a(b:{}1{})}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(message(&nested(MAX_NESTING - 2)), None);
        assert_eq!(
            message(&nested(MAX_NESTING - 1)).as_deref(),
            Some("The document is nested more than 100 levels deep.")
        );
        let many = format!("{{{}}}", "a ".repeat(MAX_TOKENS / 2));
        assert_eq!(message(&many).as_deref(), Some("The document has more than 16000 tokens."));
        let keys = |count: usize| format!("{{a(b:{{{}}})}}", "c:1 ".repeat(count));
        assert_eq!(message(&keys(MAX_KEYS)), None);
        assert_eq!(message(&keys(MAX_KEYS + 1)).as_deref(), Some("An object has more than 1000 keys."));
        assert!(message("{a(b:\"c)}").is_some());
        assert_eq!(message(&format!("{{{}}}", "a".repeat(256))), None);
        let long = format!("{{{}:a}}", "a".repeat(257));
        assert_eq!(message(&long).as_deref(), Some("A name has more than 256 characters."));
    }

    /// When one of these fails, the library does by itself what is done here: remove it here.
    #[test]
    fn the_parser_still_needs_it() {
        let taken = |text: &str| Parser::new().parse_ast(text, "").is_ok();
        assert!(taken("{a(b)}"), "it refuses a key without a value now");
        assert!(taken("{a(b:{c})}"), "it refuses a key without a value now");
        assert!(!taken("\"a\" query B {c}"), "it takes descriptions now");
    }
}
