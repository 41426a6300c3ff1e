//! Documents that clients sent, parsed; those that come again are not parsed again.

use std::sync::Arc;

use async_graphql::{
    ServerError,
    parser::{parse_query, types::ExecutableDocument},
};
use moka::sync::Cache;

use super::{
    errors::{PARSE_FAILED, with_code},
    rewrite,
};

/// Bytes of text whose documents are kept; a parsed one takes about twenty times the room of its text.
const KEPT: u64 = 256 * 1024;
/// Bytes of the longest text that is kept. Longer ones come from generators, and would push out many others.
const LONGEST: usize = 8 * 1024;

/// The documents of this process. An app sends the same few again and again, with other variables; a parse takes about
/// as long as what follows it.
pub(super) struct Documents(Cache<Arc<str>, Arc<ExecutableDocument>>);

impl Default for Documents {
    fn default() -> Self {
        let weigher = |text: &Arc<str>, _: &Arc<ExecutableDocument>| {
            // At most LONGEST; a short one has its fixed cost.
            u32::try_from(text.len().max(64)).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(KEPT).weigher(weigher).build())
    }
}

impl Documents {
    /// The document that `text` is.
    ///
    /// # Errors
    /// GRAPHQL_PARSE_FAILED, with the place; nothing is kept of such a text.
    pub(super) fn parse(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(document) = self.0.get(text) {
            return Ok(document);
        }
        let mut document = parse_query(text).map_err(|error| with_code(error.into(), PARSE_FAILED))?;
        rewrite::typename_directives(&mut document);
        let document = Arc::new(document);
        if text.len() <= LONGEST {
            self.0.insert(text.into(), document.clone());
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_comes_again_is_parsed_once() {
        let documents = Documents::default();
        let first = documents.parse("{ activeUsers }").unwrap();
        assert!(Arc::ptr_eq(&first, &documents.parse("{ activeUsers }").unwrap()));
        assert!(!Arc::ptr_eq(&first, &documents.parse("{activeUsers}").unwrap()));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let documents = Documents::default();
        for number in 0..20_000 {
            documents.parse(&format!("{{ a{number}: activeUsers unreadActivityCount }}")).unwrap();
        }
        documents.0.run_pending_tasks();
        assert!(documents.0.weighted_size() <= KEPT);
        let long = format!("{{ activeUsers }} #{}", "x".repeat(LONGEST));
        let parsed = documents.parse(&long).unwrap();
        assert!(!Arc::ptr_eq(&parsed, &documents.parse(&long).unwrap()));
    }

    #[test]
    fn a_text_that_is_no_document_is_refused_each_time() {
        let documents = Documents::default();
        for _ in 0..2 {
            assert!(documents.parse("{").is_err());
        }
        assert_eq!(documents.0.iter().count(), 0);
    }
}
