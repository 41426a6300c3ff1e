//! What commands print: a standard output or error that is closed or full is no reason to panic.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long the last lines of a server may take.
const LAST_LINE_LIMIT: Duration = Duration::from_millis(500);

/// Writes `text` to standard output as it is. Whoever has closed it (`pulse schema | head -1`) has seen enough: that is
/// no error.
///
/// # Errors
/// One line, where it cannot be written for another reason, such as a full disk.
pub(crate) fn print(text: impl Display) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    written(write!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// What [`print`] makes of the outcome of a write.
pub(crate) fn written(outcome: io::Result<()>) -> Result<(), String> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("Standard output could not be written: {error}."))
        }
        _ => Ok(()),
    }
}

/// Writes lines to standard error, where that is possible.
pub(crate) fn report(lines: String) {
    let _ = writeln!(io::stderr(), "{lines}");
}

/// Writes lines to standard error and does not wait for a reader that is stuck.
pub(crate) fn report_in_time(lines: String) {
    let (done, written) = mpsc::channel();
    thread::spawn(move || {
        report(lines);
        let _ = done.send(());
    });
    let _ = written.recv_timeout(LAST_LINE_LIMIT);
}
