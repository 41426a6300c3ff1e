//! The table of ratios.

use std::collections::BTreeMap;

use crate::{
    rows::{Row, Sample},
    size::Size,
    system::{Database, Door, System},
};

impl Row {
    fn title(self, door: Door, database: Database, size: &Size) -> String {
        let connections = size.connections;
        match self {
            Self::Start => {
                format!("from the start of the program to its first answer, {door}, {database}, ms")
            }
            Self::Create => {
                format!("create over {door}, {connections} connections, {database}, requests/s")
            }
            Self::CreateProcessor => {
                format!("create over {door}, {database}, processor time of the server, us")
            }
            Self::CreateUser => format!("create over {door}, {database}, of it in the program, us"),
            Self::CreateSystem => format!("create over {door}, {database}, of it in the kernel, us"),
            Self::PageProcessor => format!("first page over {door}, processor time of the server, us"),
            Self::PageUser => format!("first page over {door}, of it in the program, us"),
            Self::PageSystem => format!("first page over {door}, of it in the kernel, us"),
            Self::ShortPage => format!("first page of a feed of 10 over {door}, {database}, requests/s"),
            Self::LongPage => {
                format!("first page of a feed of {} over {door}, {database}, requests/s", size.feed)
            }
            Self::Memory(count) => format!("resident memory per idle subscription, {door}, {count}, KiB"),
            Self::DeliveryMedian(connected) => format!("{}, p50, ms", delivery(door, connected, size)),
            Self::DeliveryTail(connected) => format!("{}, p99, ms", delivery(door, connected, size)),
            Self::TopicProcessor => {
                format!("processor time of the server per delivery, {door}, {} on one topic, us", size.topic)
            }
        }
    }

    fn more_is_better(self) -> bool {
        matches!(self, Self::Create | Self::ShortPage | Self::LongPage)
    }
}

fn delivery(door: Door, connected: usize, size: &Size) -> String {
    format!("write to delivery, {door}, {connected} connected, {} events/s", size.events)
}

/// Prints a table under its title, where there is something: of each row our number, and each peer's with how many times better ours is. Numbers are medians
/// over the rounds; a ratio is that of the same round, with the lowest and the highest beside it.
pub(crate) fn print(title: &str, samples: &[Sample], size: &Size) {
    if samples.is_empty() {
        return;
    }
    let mut rows: BTreeMap<(Row, Door, Database), BTreeMap<System, Vec<f64>>> = BTreeMap::new();
    for sample in samples {
        let row = rows.entry((sample.row, sample.door, sample.database)).or_default();
        row.entry(sample.system).or_default().push(sample.value);
    }
    println!("\n## {title}\n");
    println!("| what | Pulse | against | theirs | Pulse is better by |");
    println!("|---|---:|---|---:|---:|");
    for ((row, door, database), systems) in rows {
        let title = row.title(door, database, size);
        let Some((_, ours)) = systems.iter().find(|(system, _)| system.is_ours()) else { continue };
        for (system, theirs) in systems.iter().filter(|(system, _)| !system.is_ours()) {
            let ratios = ours
                .iter()
                .zip(theirs)
                .map(|(ours, theirs)| if row.more_is_better() { ours / theirs } else { theirs / ours });
            let ratios: Vec<f64> = ratios.collect();
            let (low, high) = ratios.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), ratio| {
                (low.min(*ratio), high.max(*ratio))
            });
            println!(
                "| {title} | {} | {} | {} | **{} x** ({} to {}) |",
                shown(median(ours)),
                system.name(),
                shown(median(theirs)),
                shown_ratio(median(&ratios)),
                shown_ratio(low),
                shown_ratio(high)
            );
        }
    }
}

/// Three digits that count.
pub(crate) fn shown(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn shown_ratio(ratio: f64) -> String {
    if ratio < 1.0 { format!("{ratio:.2}") } else { format!("{ratio:.1}") }
}

/// The middle value; of an even number the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    f64::midpoint(low, high)
}
