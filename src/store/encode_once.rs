//! Encodings of a page, so that each is made once and not for each reader.

use std::sync::{Arc, Mutex, PoisonError};

/// Encodings of one page, each by the key of its form: the JSON of REST, and the selection of an operation. Copies share them.
#[derive(Clone, Debug)]
pub struct EncodeOnce {
    texts: Arc<Mutex<Vec<Entry>>>,
    room: usize,
}

/// A text, with its key before it.
type Entry = (u128, Arc<[u8]>);

impl EncodeOnce {
    /// Room for texts of `room` bytes in all. What does not fit in is made each time: a client decides how long a text is.
    pub fn with_room(room: usize) -> Self {
        Self { texts: Arc::default(), room }
    }

    /// The most bytes that its texts have in all.
    pub fn room(&self) -> usize {
        self.room
    }

    /// The text of `key`: made by `encode`, or before.
    pub fn get_or_encode(&self, key: u128, encode: impl FnOnce() -> String) -> Arc<[u8]> {
        let find =
            |texts: &[Entry]| texts.iter().find(|(other, _)| *other == key).map(|(_, text)| text.clone());
        if let Some(text) = find(&self.texts()) {
            return text;
        }
        let text: Arc<[u8]> = encode().into_bytes().into();
        let mut texts = self.texts();
        let taken: usize = texts.iter().map(|(_, text)| text.len()).sum();
        if taken + text.len() <= self.room && find(&texts).is_none() {
            texts.push((key, text.clone()));
        }
        text
    }

    fn texts(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_once_where_there_is_room_for_it() {
        let written = EncodeOnce::with_room(10);
        let copy = written.clone();
        let mut made = 0;
        let mut get = |written: &EncodeOnce, key, text: &str| {
            let got = written.get_or_encode(key, || {
                made += 1;
                text.to_owned()
            });
            assert_eq!(*got, *text.as_bytes());
            made
        };
        assert_eq!(get(&written, 1, "12345"), 1);
        assert_eq!(get(&copy, 1, "12345"), 1);
        assert_eq!(get(&written, 2, "123456"), 2);
        assert_eq!(get(&written, 2, "123456"), 3);
        assert_eq!(get(&written, 3, "12345"), 4);
        assert_eq!(get(&copy, 3, "12345"), 4);
    }
}
