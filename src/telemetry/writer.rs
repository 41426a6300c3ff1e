//! Best-effort log output: a bounded buffer in front of a thread that writes to standard error.
//!
//! Logging never blocks, fails or ends a request. Lines that do not fit while the reader of standard error is slow, and
//! lines that cannot be written because it is gone or its disk is full, are dropped and counted; the count is logged
//! when lines can be written again.
//!
//! `tracing-appender` has such a writer, but its guard prints to standard output when the reader is stuck, which panics
//! where that is closed too, and it does not report what it dropped.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::MakeWriter;

/// How much may wait to be written, in bytes: some 10,000 lines.
const BUFFER_BYTES: usize = 2 * 1024 * 1024;
/// How often dropped lines are reported at most.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait before a standard error that is set to non-blocking is tried again.
const WOULD_BLOCK_PAUSE: Duration = Duration::from_millis(20);

/// The buffer. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct LogWriter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Signals the writing thread that there are lines.
    filled: Condvar,
    /// Signals a flush that everything was written.
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Complete lines, in order.
    lines: Vec<u8>,
    /// Lines that were dropped and not reported yet.
    dropped: u64,
    /// The thread is writing the lines that it took.
    writing: bool,
    /// The thread waits for lines.
    waiting: bool,
}

impl LogWriter {
    /// Starts the thread that writes to `output`. `report` logs a number of dropped lines; it may write to this buffer.
    pub(super) fn start(
        output: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Self> {
        let writer = Self::default();
        let shared = writer.0.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_to(output, report))?;
        Ok(writer)
    }

    /// Waits until everything is written, for `limit` at most.
    pub(super) fn flush(&self, limit: Duration) {
        let pending = |state: &mut State| state.writing || !state.lines.is_empty();
        // A poisoned lock is of a thread that panicked: nothing is left to wait for.
        drop(self.0.emptied.wait_timeout_while(self.0.lock(), limit, pending));
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

/// Writes one event, which tracing-subscriber formats in full before it writes it.
pub(super) struct Line<'a>(&'a Shared);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    /// A panic in between leaves complete lines, so the state is as good after one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.lines.len() + line.len() > BUFFER_BYTES {
            state.dropped += 1;
            return;
        }
        state.lines.extend_from_slice(line);
        // A notification is a system call, so it is made only where somebody waits.
        if std::mem::take(&mut state.waiting) {
            self.filled.notify_one();
        }
    }

    fn write_to(&self, output: impl Write, report: impl Fn(u64)) {
        let mut output = Output { output, within_line: false };
        let mut lines = Vec::new();
        let (mut reported, mut last_report) = (0, None::<Instant>);
        loop {
            lines.clear();
            // The report of the round before is the first of these lines.
            let in_doubt = std::mem::take(&mut reported);
            let due = last_report.is_none_or(|last| last.elapsed() >= REPORT_INTERVAL);
            let dropped = self.take(&mut lines, due);
            if dropped > 0 {
                (reported, last_report) = (dropped, Some(Instant::now()));
                report(dropped);
            }
            let rest = output.write(&lines);
            let mut unwritten = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
            if in_doubt > 0 && !lines.is_empty() && rest.len() == lines.len() {
                unwritten += in_doubt - 1;
            }
            let mut state = self.lock();
            state.dropped += unwritten;
            state.writing = false;
            if state.lines.is_empty() {
                self.emptied.notify_all();
            }
        }
    }

    /// Waits for lines, swaps them with the empty `lines`, and takes the number of dropped lines where a report is due.
    /// Returns without lines where there is only that to report.
    fn take(&self, lines: &mut Vec<u8>, report_due: bool) -> u64 {
        let mut state = self.lock();
        if state.lines.is_empty() {
            state.waiting = true;
            state = if state.dropped == 0 {
                let filled = self.filled.wait_while(state, |state| state.lines.is_empty());
                filled.unwrap_or_else(PoisonError::into_inner)
            } else {
                self.filled.wait_timeout(state, REPORT_INTERVAL).unwrap_or_else(PoisonError::into_inner).0
            };
            state.waiting = false;
        }
        state.writing = true;
        std::mem::swap(&mut state.lines, lines);
        if report_due { std::mem::take(&mut state.dropped) } else { 0 }
    }
}

/// Writes lines until it cannot.
struct Output<W> {
    output: W,
    /// The last line was cut short: the next one begins on a line of its own.
    within_line: bool,
}

impl<W: Write> Output<W> {
    /// Returns the bytes that were not written.
    fn write<'a>(&mut self, mut lines: &'a [u8]) -> &'a [u8] {
        if self.within_line && !lines.is_empty() && self.attempt(b"\n").is_none() {
            return lines;
        }
        while !lines.is_empty() {
            let Some(written) = self.attempt(lines) else { break };
            self.within_line = lines[written - 1] != b'\n';
            lines = &lines[written..];
        }
        lines
    }

    /// Returns how much was written, at least one byte; `None` where nothing can be.
    fn attempt(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            match self.output.write(bytes) {
                Ok(written) => return Some(written).filter(|written| *written > 0),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(WOULD_BLOCK_PAUSE),
                Err(_) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    /// Standard error of a test: each write takes the next answer, and fails without one.
    struct Scripted {
        answers: mpsc::Receiver<io::Result<usize>>,
        written: Arc<Mutex<String>>,
        begun: mpsc::Sender<()>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.begun.send(());
            let length = self.answers.recv().unwrap_or(Err(io::ErrorKind::BrokenPipe.into()))?;
            let bytes = &bytes[..length.min(bytes.len())];
            self.written.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Scene {
        writer: LogWriter,
        answers: mpsc::Sender<io::Result<usize>>,
        written: Arc<Mutex<String>>,
        begun: mpsc::Receiver<()>,
    }

    impl Scene {
        fn start() -> Self {
            let (answers, script) = mpsc::channel();
            let (begin, begun) = mpsc::channel();
            let written = Arc::new(Mutex::new(String::new()));
            let output = Scripted { answers: script, written: written.clone(), begun: begin };
            let (sender, handle) = mpsc::channel::<LogWriter>();
            let reporting = Mutex::new((handle, None));
            let report = move |dropped| {
                let mut reporting = reporting.lock().unwrap();
                let writer = reporting.1.take().unwrap_or_else(|| reporting.0.recv().unwrap());
                writer.0.push(format!("{dropped} dropped\n").as_bytes());
                reporting.1 = Some(writer);
            };
            let writer = LogWriter::start(output, report).unwrap();
            sender.send(writer.clone()).unwrap();
            Self { writer, answers, written, begun }
        }

        fn line(&self, line: &str) {
            self.writer.make_writer().write_all(line.as_bytes()).unwrap();
        }

        /// Waits until a write has begun, and lets it end with `answer`.
        fn answer(&self, answer: io::Result<usize>) {
            self.begun.recv_timeout(DEADLINE).unwrap();
            self.answers.send(answer).unwrap();
        }

        fn written(&self) -> String {
            self.writer.flush(DEADLINE);
            self.written.lock().unwrap().clone()
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_the_count_is_logged_later() {
        let scene = Scene::start();
        scene.line("one\n");
        scene.answer(Err(io::ErrorKind::StorageFull.into()));
        scene.writer.flush(DEADLINE);
        scene.line("two\n");
        // The count of the first line comes after what waited already.
        scene.answer(Ok(usize::MAX));
        scene.answer(Ok(usize::MAX));
        assert_eq!(scene.written(), "two\n1 dropped\n");
    }

    #[test]
    fn a_line_that_was_cut_short_does_not_run_into_the_next_one() {
        let scene = Scene::start();
        scene.line("one\n");
        scene.answer(Ok(2));
        scene.answer(Err(io::ErrorKind::StorageFull.into()));
        scene.writer.flush(DEADLINE);
        scene.line("two\n");
        for _ in 0..3 {
            scene.answer(Ok(usize::MAX));
        }
        assert_eq!(scene.written(), "on\ntwo\n1 dropped\n");
    }

    #[test]
    fn a_stalled_output_holds_neither_writers_nor_the_end() {
        let scene = Scene::start();
        scene.line("first\n");
        // Its write has begun and does not end.
        scene.begun.recv_timeout(DEADLINE).unwrap();
        let line = format!("{}\n", "x".repeat(1023));
        for _ in 0..2 * BUFFER_BYTES / line.len() {
            scene.line(&line);
        }
        scene.writer.flush(Duration::ZERO);
        assert_eq!(scene.writer.0.lock().dropped, (BUFFER_BYTES / line.len()) as u64);
        scene.answers.send(Ok(usize::MAX)).unwrap();
        scene.answer(Ok(usize::MAX));
        scene.answer(Ok(usize::MAX));
        assert!(scene.written().ends_with("x\n2048 dropped\n"));
    }
}
