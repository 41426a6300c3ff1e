//! What each path took when it was last accepted, and how far it may be from that.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::Path,
};

use anyhow::{Context, Result, ensure};

/// A path may take this much of what it took, in percent.
const MOST: u64 = 110;
/// A path that takes less than this, in percent, could go back up unnoticed.
const LEAST: u64 = 90;

/// How to accept what was counted.
const ACCEPT: &str = "make instructions ARGS=--write";

/// Instructions of each path, each time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counts(BTreeMap<String, u64>);

/// What was counted, beside the baseline.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    /// It should be written anew, so that what was won is kept.
    Less,
    More,
    /// Counted, and not in the baseline.
    New,
    /// In the baseline, and not counted.
    Gone,
}

impl FromIterator<(String, u64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (String, u64)>>(counts: I) -> Self {
        Self(counts.into_iter().collect())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(path, count)| writeln!(f, "{path:<24}{count:>12}"))
    }
}

impl Verdict {
    fn of(was: Option<u64>, is: Option<u64>) -> Self {
        match (was, is) {
            (Some(was), Some(is)) if is * 100 > was * MOST => Self::More,
            (Some(was), Some(is)) if is * 100 < was * LEAST => Self::Less,
            (Some(_), Some(_)) => Self::Holds,
            (None, _) => Self::New,
            (_, None) => Self::Gone,
        }
    }

    fn fails(&self) -> bool {
        matches!(self, Self::More | Self::New | Self::Gone)
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Holds => "",
            Self::Less => "  less",
            Self::More => "  TOO MUCH",
            Self::New => "  NOT IN THE BASELINE",
            Self::Gone => "  NOT COUNTED",
        }
    }
}

impl Counts {
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        Ok(Self(serde_json::from_str(&text).with_context(|| file.display().to_string())?))
    }

    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.0)? + "\n";
        fs::write(file, text).with_context(|| file.display().to_string())
    }

    /// Prints each path beside the baseline; an error where one takes too much, or is in one of both only.
    pub(super) fn check(&self, baseline: &Self) -> Result<()> {
        let shown = |count: Option<&u64>| count.map_or_else(|| "nothing".to_owned(), u64::to_string);
        let compared = self.compare(baseline);
        let mut failed = Vec::new();
        println!("{:<24}{:>12}{:>12}", "instructions each", "was", "is");
        for (path, verdict) in &compared {
            let (was, is) = (baseline.0.get(*path), self.0.get(*path));
            let percent = was.zip(is).map(|(was, is)| format!("{} %", is * 100 / (*was).max(1)));
            let percent = percent.unwrap_or_default();
            println!("{path:<24}{:>12}{:>12}{percent:>8}{}", shown(was), shown(is), verdict.words());
            if verdict.fails() {
                failed.push(format!("{path} was {}, is {}", shown(was), shown(is)));
            }
        }
        if compared.iter().any(|(_, verdict)| *verdict == Verdict::Less) {
            println!(
                "\nWhat takes less than {LEAST} % could go back up unnoticed. To lower the baseline: {ACCEPT}"
            );
        }
        ensure!(
            failed.is_empty(),
            "more than {MOST} % of the instructions, or counted on one side only: {}. Where that is meant: {ACCEPT}",
            failed.join("; ")
        );
        Ok(())
    }

    /// Every path of both, by name.
    fn compare<'a>(&'a self, baseline: &'a Self) -> Vec<(&'a str, Verdict)> {
        let paths: BTreeSet<_> = self.0.keys().chain(baseline.0.keys()).collect();
        let verdict = |path: &str| Verdict::of(baseline.0.get(path).copied(), self.0.get(path).copied());
        paths.into_iter().map(|path| (path.as_str(), verdict(path))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts<const N: usize>(counts: [(&str, u64); N]) -> Counts {
        counts.into_iter().map(|(path, count)| (path.to_owned(), count)).collect()
    }

    #[test]
    fn eleven_percent_more_fails_and_nine_percent_do_not() {
        let baseline = counts([("create-rest", 100_000), ("page-rest", 50_000)]);
        assert!(counts([("create-rest", 109_000), ("page-rest", 50_000)]).check(&baseline).is_ok());
        assert!(counts([("create-rest", 110_000), ("page-rest", 55_000)]).check(&baseline).is_ok());
        let slower = counts([("create-rest", 100_000), ("page-rest", 55_500)]);
        let problem = slower.check(&baseline).unwrap_err().to_string();
        assert!(problem.contains("page-rest") && !problem.contains("create-rest"), "{problem}");
        assert!(problem.contains("was 50000, is 55500"), "{problem}");
        assert!(problem.contains(ACCEPT), "{problem}");
    }

    #[test]
    fn a_path_that_is_missing_on_either_side_fails() {
        let (one, two) = (counts([("page-rest", 1)]), counts([("page-rest", 1), ("create-rest", 1)]));
        assert_eq!(one.compare(&two), [("create-rest", Verdict::Gone), ("page-rest", Verdict::Holds)]);
        assert_eq!(two.compare(&one), [("create-rest", Verdict::New), ("page-rest", Verdict::Holds)]);
        assert!(one.check(&two).is_err() && two.check(&one).is_err());
    }

    #[test]
    fn much_less_is_said_and_does_not_fail() {
        let (was, is) = (counts([("page-rest", 100)]), counts([("page-rest", 89)]));
        assert_eq!(is.compare(&was), [("page-rest", Verdict::Less)]);
        assert!(is.check(&was).is_ok());
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let written = counts([("page-rest", 41_000), ("create-rest", 150_000)]);
        written.write(file.path()).unwrap();
        assert_eq!(Counts::read(file.path()).unwrap(), written);
    }
}
