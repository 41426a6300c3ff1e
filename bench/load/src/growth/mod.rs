//! Pulse alone, as its data and its subscribers become more. What is wanted is that each number stays where it is.

mod feeds;
mod fill;
mod idle;
mod recovery;

use anyhow::{Context, Result};

use crate::{server::Programs, size::Size, table::shown};

/// One kind of thing in growing numbers, and what was measured at each.
pub(crate) struct Ladder {
    title: String,
    steps: Vec<u64>,
    /// A name with its unit, and a number for each step.
    lines: Vec<(String, Vec<f64>)>,
    /// What must be known of it.
    remarks: Vec<String>,
}

impl Ladder {
    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), steps: Vec::new(), lines: Vec::new(), remarks: Vec::new() }
    }

    /// Adds to the line `name` what was measured at the newest step.
    fn note(&mut self, name: &str, value: f64) {
        match self.lines.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => self.lines.push((name.to_owned(), vec![value])),
        }
    }
}

/// Measures all of it once.
pub(crate) async fn measure(programs: &Programs, size: &Size) -> Result<Vec<Ladder>> {
    Ok(vec![
        feeds::measure(programs, size).await.context("growing feeds")?,
        idle::measure(programs, size).await.context("more subscriptions")?,
        recovery::measure(programs, &size.growth).await.context("coming back")?,
    ])
}

/// Prints a table of each; the last column of those with steps is how many times the first number the last one is.
pub(crate) fn print(ladders: &[Ladder]) {
    for ladder in ladders {
        println!("\n## Growth: {}\n", ladder.title);
        let several = ladder.steps.len() > 1;
        let heads: Vec<String> = ladder.steps.iter().map(u64::to_string).collect();
        println!("| what | {} |{}", heads.join(" | "), if several { " last / first |" } else { "" });
        println!("|---|{}", "---:|".repeat(heads.len() + usize::from(several)));
        for (name, values) in &ladder.lines {
            let cells: Vec<String> = values.iter().copied().map(shown).collect();
            let ratio = match values[..] {
                [first, .., last] if several => format!(" {:.2} |", last / first),
                _ => String::new(),
            };
            println!("| {name} | {} |{ratio}", cells.join(" | "));
        }
        for remark in &ladder.remarks {
            println!("\n{remark}");
        }
    }
}
