//! How many connections the limit on open files leaves room for.

/// Files that the server has open beside its connections: the database, the bus, logs.
const OTHER_FILES: usize = 128;
/// What is assumed where the system does not say.
const USUAL_LIMIT: usize = 1_024;

/// The limit on open files of this process, less what the server needs for itself.
pub(super) fn connections() -> usize {
    within(limit().unwrap_or(USUAL_LIMIT)).min(super::settings::MOST_CONNECTIONS)
}

fn within(files: usize) -> usize {
    files.saturating_sub(OTHER_FILES.min(files / 2)).max(1)
}

/// None is no limit.
#[cfg(unix)]
fn limit() -> Option<usize> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    Some(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)))
}

#[cfg(not(unix))]
fn limit() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_kept_for_the_rest() {
        for (files, connections) in [(1_024, 896), (1_048_576, 1_048_448), (100, 50), (1, 1), (0, 1)] {
            assert_eq!(within(files), connections, "{files}");
        }
    }
}
