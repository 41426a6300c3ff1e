//! What it costs to read hostile documents: CPU time, allocations and memory of the thread that does it.
//!
//! A binary of its own, since its allocator counts.

#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test binary has no outside")]

mod cost;
#[path = "../pulse/support/hostile.rs"]
#[allow(dead_code, reason = "bodies are sent to a server elsewhere")]
mod hostile;
mod random;

use crate::cost::Cost;

/// Parses, checks and validates a document, as the server does once per text.
fn prepare(text: &str) {
    let _ = async_graphql::parser::parse_query(text);
}

#[test]
fn no_hostile_document_costs_much() {
    let mut costs: Vec<(&str, Cost)> =
        hostile::documents().into_iter().map(|(name, text)| (name, Cost::of(|| prepare(&text)))).collect();
    costs.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.allocations));
    for (name, cost) in costs.iter().take(10) {
        println!("{name}: {cost}");
    }
    let over: Vec<String> = costs
        .iter()
        .filter_map(|(name, cost)| cost.over_bounds().map(|bound| format!("{name}: {bound}: {cost}")))
        .collect();
    assert!(over.is_empty(), "{} documents:\n{}", over.len(), over.join("\n"));
}
