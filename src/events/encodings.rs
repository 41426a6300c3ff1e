//! Room for what the doors make of an event, so that it is made once and not for each subscriber.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// Encodings that are kept of one event; what comes after these is made each time.
const KEPT: usize = 64;

/// Encodings of one event, each by the key of the operation that asked for it. They live as long as the event waits
/// for a follower.
#[derive(Debug, Default)]
pub struct Encodings(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    key: u128,
    encoding: Arc<OnceCell<Arc<str>>>,
}

impl Encodings {
    /// The encoding of `key`: made by `encode` for the first who asks; whoever asks meanwhile waits for it.
    pub async fn get_or_encode(&self, key: u128, encode: impl Future<Output = Arc<str>>) -> Arc<str> {
        match self.entry(key) {
            Some(encoding) => encoding.get_or_init(|| encode).await.clone(),
            None => encode.await,
        }
    }

    fn entry(&self, key: u128) -> Option<Arc<OnceCell<Arc<str>>>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
            let encode = async { format!("{key}/{}", made.fetch_add(1, Ordering::SeqCst)).into() };
            let encoding = encodings.get_or_encode(key, encode).await;
            assert_eq!(&*encoding, format!("{key}/{}", key - 1));
        }
        assert_eq!(made.load(Ordering::SeqCst), 2);
    }
}
