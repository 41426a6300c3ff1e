//! Room for what the doors make of an event, so that it is made once and not for each subscriber.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use serde_json::value::RawValue;
use tokio::sync::OnceCell;

/// Encodings that are kept of one event; what comes after these is made each time.
const KEPT: usize = 64;

/// Encodings of one event. They live as long as the event waits for a follower.
#[derive(Debug, Default)]
pub struct Encodings {
    /// Each by the key of the operation that asked for it.
    by_key: Mutex<Vec<Entry>>,
    plain: OnceLock<Box<RawValue>>,
}

#[derive(Debug)]
struct Entry {
    key: u128,
    encoding: Arc<OnceCell<Arc<str>>>,
}

impl Encodings {
    /// The event without a selection, as REST shows it: written by `write` for the first who asks.
    ///
    /// # Errors
    /// That of `write`, to whoever asked; the next one tries again.
    pub fn plain<E>(&self, write: impl FnOnce() -> Result<Box<RawValue>, E>) -> Result<&RawValue, E> {
        if let Some(written) = self.plain.get() {
            return Ok(written);
        }
        let written = write()?;
        Ok(self.plain.get_or_init(|| written))
    }

    /// The encoding of `key`, where it has been made.
    pub fn get(&self, key: u128) -> Option<Arc<str>> {
        let entries = self.entries();
        entries.iter().find(|entry| entry.key == key).and_then(|entry| entry.encoding.get().cloned())
    }

    /// The encoding of `key`: made by `encode` for the first who asks; whoever asks meanwhile waits for it.
    pub async fn get_or_encode(&self, key: u128, encode: impl Future<Output = Arc<str>>) -> Arc<str> {
        match self.entry(key) {
            Some(encoding) => encoding.get_or_init(|| encode).await.clone(),
            None => encode.await,
        }
    }

    fn entry(&self, key: u128) -> Option<Arc<OnceCell<Arc<str>>>> {
        let mut entries = self.entries();
        if let Some(entry) = entries.iter().find(|entry| entry.key == key) {
            return Some(entry.encoding.clone());
        }
        if entries.len() >= KEPT {
            return None;
        }
        let encoding = Arc::new(OnceCell::new());
        entries.push(Entry { key, encoding: encoding.clone() });
        Some(encoding)
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn each_key_is_encoded_once() {
        let encodings = Encodings::default();
        let made = AtomicUsize::new(0);
        for key in [1, 2, 1, 1, 2] {
            assert_eq!(encodings.get(key).is_some(), made.load(Ordering::SeqCst) as u128 >= key);
            let encode = async { format!("{key}/{}", made.fetch_add(1, Ordering::SeqCst)).into() };
            let encoding = encodings.get_or_encode(key, encode).await;
            assert_eq!(&*encoding, format!("{key}/{}", key - 1));
        }
        assert_eq!(made.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn the_plain_one_is_written_once_and_not_by_who_fails() {
        let encodings = Encodings::default();
        assert_eq!(encodings.plain(|| Err("no")).err(), Some("no"));
        for number in [1, 2] {
            let written = encodings.plain(|| serde_json::value::to_raw_value(&number));
            assert_eq!(written.map(RawValue::get).ok(), Some("1"));
        }
    }
}
