//! Closed sets of words.

/// Declares an enum whose values are fixed words on the outside and in the database.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word; `field` names the argument in the error.
            pub fn parse(field: &'static str, text: &str) -> $crate::domain::Result<Self> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::domain::words::unknown(field, text, &[$($word,)+])),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

/// How many letters of a word there are for one that may be wrong, for the word to be proposed.
const LETTERS_PER_MISTAKE: usize = 3;

/// The error for a word that is none of the `known` ones; it proposes the nearest one.
pub(crate) fn unknown(field: &'static str, text: &str, known: &[&str]) -> super::Error {
    let shown: String = text.chars().take(40).collect();
    let words = known.join(", ");
    let mut message = format!("{field} must be one of {words}, but is {shown:?}.");
    message.extend(proposal(text, known));
    super::Error::field(field, message)
}

/// A second sentence that proposes the word of `known` that `text` is nearly, where there is one.
pub(crate) fn proposal(text: &str, known: &[&str]) -> Option<String> {
    let meant = super::nearest(text, known.iter().copied(), LETTERS_PER_MISTAKE)?;
    Some(format!(" Did you mean {meant}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_proposed() {
        let known = ["login", "log_created"];
        assert_eq!(
            unknown("type", "LOGIN", &known).to_string(),
            "Type must be one of login, log_created, but is \"LOGIN\". Did you mean login?"
        );
        assert!(!unknown("type", "x", &known).to_string().contains('?'));
    }
}
