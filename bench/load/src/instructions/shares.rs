//! Which parts of the program take what share of the instructions, and how often memory is asked for: to write a budget
//! from.

use std::{cmp::Reverse, collections::HashMap};

use anyhow::{Context, Result};

use super::callgrind::Dump;

/// What takes less than this is left out, in percent.
const LEAST: f64 = 0.5;
/// A name is cut after so many characters.
const LENGTH: usize = 120;
/// They call everything, so what they take with what they call says nothing.
const EVERYWHERE: [&str; 7] = ["alloc", "core", "libc", "std", "tokio", "tokio_util", "futures_util"];

/// What asks for memory: Rust of mimalloc, SQLite of the C library.
const ALLOCATE: [&str; 6] =
    ["mi_malloc_aligned", "mi_zalloc_aligned", "mi_realloc_aligned", "malloc", "calloc", "realloc"];

/// Prints how often memory was asked for, each of the `times` that the path was taken, and two tables: the crates by what
/// their own functions take, which makes 100 % in all, and functions by what they and all that they call take. Of several
/// of a crate that take the same, only one is named.
pub(super) fn print(dump: &Dump, times: u64) -> Result<()> {
    let percent = |instructions: u64| instructions as f64 * 100.0 / dump.instructions as f64;
    let Profile { functions, called } = profile(&dump.text()?)?;
    let allocations: u64 = ALLOCATE.iter().filter_map(|name| called.get(*name)).sum();
    println!("{:.1} allocations", allocations as f64 / times as f64);

    let mut crates: HashMap<&str, u64> = HashMap::new();
    for function in &functions {
        *crates.entry(function.crate_name()).or_default() += function.own;
    }
    let mut crates: Vec<_> = crates.into_iter().filter(|(_, own)| percent(*own) >= LEAST).collect();
    crates.sort_by_key(|(_, own)| Reverse(*own));
    println!("\nby themselves");
    for (name, own) in &crates {
        println!("{:>5.1} %  {name}", percent(*own));
    }

    let mut named: Vec<_> = functions.iter().filter(|function| function.is_stage()).collect();
    named.sort_by_key(|function| Reverse(function.all));
    let mut shown = Vec::new();
    println!("\nwith what they call");
    for function in named.into_iter().take_while(|function| percent(function.all) >= LEAST) {
        let line = (format!("{:>5.1} %", percent(function.all)), function.crate_name());
        if !shown.contains(&line) {
            println!("{}  {}", line.0, function.name.chars().take(LENGTH).collect::<String>());
            shown.push(line);
        }
    }
    Ok(())
}

/// A function, and its instructions in a round.
#[derive(Default)]
struct Function {
    name: String,
    /// The source file.
    file: String,
    own: u64,
    /// With those of what it calls.
    all: u64,
}

impl Function {
    fn crate_name(&self) -> &str {
        let Some((path, _)) = self.name.split_once("::") else {
            // Not Rust: the library tells.
            let folder = self.file.split_once("/registry/src/").and_then(|(_, rest)| rest.split('/').nth(1));
            return folder.and_then(|folder| folder.rsplit_once('-')).map_or("libc", |(name, _)| name);
        };
        // Of `<T as axum::Handler>::call` the trait tells, of `<axum::Next as Future>::poll` the type.
        path.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or(path)
    }

    /// Whether its share says something. A function within itself (`'2`) is counted there once for each time.
    fn is_stage(&self) -> bool {
        !self.name.ends_with("'2") && !EVERYWHERE.contains(&self.crate_name())
    }
}

/// What a dump says.
struct Profile {
    functions: Vec<Function>,
    /// How often each function was called, by its name.
    called: HashMap<String, u64>,
}

/// Reads the format of callgrind, version 1, with one position and one event a line.
fn profile(text: &str) -> Result<Profile> {
    let mut called: HashMap<String, u64> = HashMap::new();
    let mut callee = String::new();
    let (mut files, mut names) = (HashMap::new(), HashMap::new());
    let mut functions: HashMap<(String, String), Function> = HashMap::new();
    let (mut file, mut current) = (String::new(), None);
    let mut is_call = false;
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=') {
            match key {
                "fl" => file = full_name(&mut files, value)?,
                "fi" | "fe" | "cfi" | "cfl" => drop(full_name(&mut files, value)?),
                "fn" => current = Some((file.clone(), full_name(&mut names, value)?)),
                "cfn" => callee = full_name(&mut names, value)?,
                "calls" => {
                    let times: u64 = value.split(' ').next().unwrap_or(value).parse()?;
                    *called.entry(callee.clone()).or_default() += times;
                    is_call = true;
                }
                _ => {}
            }
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            let (file, name) = current.clone().context("instructions of no function")?;
            let count = line.split_once(' ').map_or(Ok(0), |(_, count)| count.trim().parse::<u64>())?;
            let function = functions.entry((file, name)).or_default();
            function.all += count;
            // The line after a call has what was called.
            function.own += if std::mem::take(&mut is_call) { 0 } else { count };
        }
    }
    let named = |((file, name), function)| Function { name, file, ..function };
    Ok(Profile { functions: functions.into_iter().map(named).collect(), called })
}

/// A name is written out where it first comes, with a number, and is the number from then on: `(7) main`, then `(7)`.
fn full_name(known: &mut HashMap<String, String>, text: &str) -> Result<String> {
    let (number, name) = text.split_once(' ').unwrap_or((text, ""));
    if !name.is_empty() {
        known.insert(number.into(), name.into());
    }
    Ok(known.get(number).with_context(|| format!("{text} has no name"))?.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_its_own_instructions_and_those_of_what_it_calls() {
        let text = "events: Ir\n\nfl=(1) src/a.rs\nfn=(1) pulse::page\n10 5\nfi=(2) src/b.rs\n+2 3\ncfn=(2) serde_json::write\n\
                    calls=2 40\n* 100\n\nfl=(2)\nfn=(2)\n40 100\n\ntotals: 108\n";
        let Profile { mut functions, called } = profile(text).unwrap();
        assert_eq!(called, HashMap::from([("serde_json::write".to_owned(), 2)]));
        functions.sort_by_key(|function| function.own);
        let found: Vec<_> =
            functions.iter().map(|function| (&*function.name, function.own, function.all)).collect();
        assert_eq!(found, [("pulse::page", 8, 108), ("serde_json::write", 100, 100)]);
    }

    #[test]
    fn a_function_tells_its_crate() {
        let function =
            |name: &str, file: &str| Function { name: name.into(), file: file.into(), ..Function::default() };
        assert_eq!(function("pulse::rest::page::{{closure}}", "").crate_name(), "pulse");
        assert_eq!(function("<axum::Next as core::future::Future>::poll", "").crate_name(), "axum");
        assert_eq!(
            function("<&T as async_graphql::base::OutputType>::resolve", "").crate_name(),
            "async_graphql"
        );
        let file = "/home/a/.cargo/registry/src/index.crates.io-1949/libsqlite3-sys-0.37.0/sqlite3/sqlite3.c";
        assert_eq!(function("sqlite3_step", file).crate_name(), "libsqlite3-sys");
        assert_eq!(function("memcpy", "./string/memmove.S").crate_name(), "libc");
    }
}
