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

/// The error for a word that is none of the `known` ones.
pub(crate) fn unknown(field: &'static str, text: &str, known: &[&str]) -> super::Error {
    let shown: String = text.chars().take(40).collect();
    super::Error::field(field, format!("{field} is {shown:?}, it takes one of {}", known.join(", ")))
}
