//! Valid documents, which need not be parsed and validated again: an app sends the same few, with other variables.

use std::sync::Arc;

use moka::sync::Cache;

use super::{document::Document, limits::OperationLimits, rejection::Rejection, type_system::TypeSystem};

/// Bytes that kept documents take with their plans, about.
const DOCUMENT_CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of the heaviest document that is kept. Heavier ones come from generators, and would push out many others.
const MAX_KEPT_BYTES: usize = 256 * 1024;

/// The valid documents of this process by their texts.
pub(super) struct DocumentCache(Cache<Arc<str>, Entry>);

/// The text is the key; plans share it.
type Entry = (Arc<str>, Arc<Document>);

impl Default for DocumentCache {
    fn default() -> Self {
        let weigher =
            |_: &Arc<str>, (_, document): &Entry| u32::try_from(document.weight).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(DOCUMENT_CACHE_BYTES).weigher(weigher).build())
    }
}

impl DocumentCache {
    /// The document that `text` is. Nothing is kept of a text that is rejected.
    ///
    /// # Errors
    /// Those of [`Document::compile`].
    pub(super) fn get_or_compile(
        &self,
        types: &TypeSystem,
        limits: &OperationLimits,
        text: &str,
    ) -> Result<Entry, Vec<Rejection>> {
        if let Some(entry) = self.0.get(text) {
            return Ok(entry);
        }
        let document = Document::compile(types, limits, text)?;
        let entry: Entry = (text.into(), Arc::new(document));
        if entry.1.weight <= MAX_KEPT_BYTES {
            self.0.insert(entry.0.clone(), entry.clone());
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: OperationLimits =
        OperationLimits { depth: 12, aliases: 20, root_fields: 20, introspection: true };

    fn documents() -> (DocumentCache, TypeSystem) {
        (DocumentCache::default(), TypeSystem::new("type Query {activeUsers: Int f: Int}", true))
    }

    #[test]
    fn a_text_that_comes_again_is_compiled_once() {
        let (documents, types) = documents();
        let get = |text| documents.get_or_compile(&types, &LIMITS, text).unwrap().1;
        let first = get("{ activeUsers }");
        assert!(Arc::ptr_eq(&first, &get("{ activeUsers }")));
        assert!(!Arc::ptr_eq(&first, &get("{activeUsers}")));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (documents, types) = documents();
        let comment = "x".repeat(4_000);
        for number in 0..300 {
            let text = format!("{{ a{number}: activeUsers f }} #{comment}");
            documents.get_or_compile(&types, &LIMITS, &text).unwrap();
        }
        documents.0.run_pending_tasks();
        assert!(documents.0.weighted_size() <= DOCUMENT_CACHE_BYTES);
        assert!((50..100).contains(&documents.0.entry_count()), "{}", documents.0.entry_count());
        let long = format!("{{ activeUsers }} #{}", "x".repeat(MAX_KEPT_BYTES));
        let first = documents.get_or_compile(&types, &LIMITS, &long).unwrap().1;
        assert!(!Arc::ptr_eq(&first, &documents.get_or_compile(&types, &LIMITS, &long).unwrap().1));
    }

    #[test]
    fn a_text_that_is_rejected_is_not_kept() {
        let (documents, types) = documents();
        for _ in 0..2 {
            assert!(documents.get_or_compile(&types, &LIMITS, "{").is_err());
        }
        assert_eq!(documents.0.iter().count(), 0);
    }
}
