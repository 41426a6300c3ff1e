//! Room for what the doors make of a page, so that it is made once and not for each who reads it.

use std::sync::{Arc, Mutex, PoisonError};

/// Texts that are kept of one page; what comes after these is made each time. A page is kept in few forms: as REST shows
/// it, and as the app's own operation selects it.
const KEPT: usize = 2;

/// What was made of one page, each by a key that says how. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<Mutex<Vec<Entry>>>);

/// A text, with its key before it.
type Entry = (u128, Arc<[u8]>);

impl Written {
    /// How many texts a page may have.
    pub const KEPT: usize = KEPT;

    /// The text of `key`: what `write` writes, or has written before.
    pub fn get_or_write(&self, key: u128, write: impl FnOnce() -> String) -> Arc<[u8]> {
        let find =
            |texts: &[Entry]| texts.iter().find(|(other, _)| *other == key).map(|(_, text)| text.clone());
        if let Some(text) = find(&self.texts()) {
            return text;
        }
        let text: Arc<[u8]> = write().into_bytes().into();
        let mut texts = self.texts();
        if texts.len() < KEPT && find(&texts).is_none() {
            texts.push((key, text.clone()));
        }
        text
    }

    fn texts(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_once_and_few_are_kept() {
        let (written, copy) = (Written::default(), Written::default());
        let copy_of = written.clone();
        let mut made = 0;
        let mut get = |written: &Written, key| {
            let text = written.get_or_write(key, || {
                made += 1;
                format!("{key}")
            });
            assert_eq!(*text, *format!("{key}").as_bytes());
        };
        get(&written, 1);
        get(&copy_of, 1);
        get(&written, 2);
        get(&written, 3);
        get(&written, 3);
        get(&copy, 1);
        assert_eq!(made, 5);
    }
}
