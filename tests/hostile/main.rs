//! What it costs to read hostile documents: CPU time, allocations and memory of the thread that does it.
//!
//! A binary of its own, since its allocator counts.

#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test binary has no outside")]

mod cost;
#[path = "../pulse/support/hostile/mod.rs"]
#[allow(dead_code, unused_imports, reason = "bodies are sent to a server elsewhere")]
mod hostile;
mod random;

use crate::cost::Cost;

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
    let documents = hostile::documents().into_iter();
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
