//! What it costs to read hostile documents: CPU time, allocations and memory of the thread that does it.
//!
//! A binary of its own, since its allocator counts.

#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test binary has no outside")]

mod cost;
mod documents;
mod random;

use crate::{cost::Cost, documents::DOCUMENT_BYTES};

thread_local! {
    /// What prepares documents, with nothing kept yet.
    static PREPARER: Box<dyn Fn(&str) -> bool> = Box::new(pulse::graphql::preparer());
}

/// Parses, checks, validates and plans a document, as the server does once per text; whether it can be executed.
fn prepare(text: &str) -> bool {
    PREPARER.with(|prepare| prepare(text))
}

#[test]
fn no_hostile_document_costs_much() {
    // The schema is read first.
    assert!(prepare("{ activeUsers }"));
    let documents = documents::documents().into_iter();
    let mut costs: Vec<(&str, Cost)> =
        documents.map(|(name, text)| (name, Cost::of(|| prepare(&text)))).collect();
    costs.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.cpu));
    for (name, cost) in costs.iter().take(10) {
        println!("{name}: {cost}");
    }
    let over: Vec<String> = costs
        .iter()
        .filter_map(|(name, cost)| cost.over_bounds().map(|bound| format!("{name}: {bound}: {cost}")))
        .collect();
    assert!(over.is_empty(), "{} documents:\n{}", over.len(), over.join("\n"));
}

#[test]
fn every_document_fits_into_a_request_and_has_a_name_of_its_own() {
    let documents = documents::documents();
    let names: std::collections::BTreeSet<&str> = documents.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), documents.len());
    for (name, text) in &documents {
        assert!(text.len() <= DOCUMENT_BYTES, "{name}: {} bytes", text.len());
    }
    // They are meant to be large, but for those that are costly as small ones.
    let large = documents.iter().filter(|(_, text)| text.len() > DOCUMENT_BYTES / 2).count();
    assert!(large > 100, "{large} of {}", documents.len());
}
