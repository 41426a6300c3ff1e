//! Batches: what waits to be written, and is committed together.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::domain::{Error, Event, Result, UserId};

use super::{
    group_commit::Append,
    write::{Done, Tx, Write},
};

/// What waits for the writer.
pub(super) enum Command {
    Append(Append),
    Write(Box<dyn Job>),
}

/// What is committed together: appends first, then the other writes.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) appends: Vec<Append>,
    pub(super) jobs: Vec<Box<dyn Job>>,
}

/// What a commit did: the events of its appends, in their order, or why there are none; and the events of its other writes.
pub(super) struct Committed {
    pub(super) appended: Result<Vec<Arc<Event>>>,
    pub(super) written: Vec<Arc<Event>>,
}

impl Batch {
    pub(super) fn of_appends(appends: Vec<Append>) -> Self {
        Self { appends, jobs: Vec::new() }
    }

    pub(super) fn of_job(job: Box<dyn Job>) -> Self {
        Self { appends: Vec::new(), jobs: vec![job] }
    }

    pub(super) fn len(&self) -> usize {
        self.appends.len() + self.jobs.len()
    }

    /// Answers every caller with an error.
    pub(super) fn fail(self, error: &Error) {
        self.appends.into_iter().for_each(|append| append.fail(error.clone()));
        self.jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
    }

    /// Takes out the appends of `users`.
    pub(super) fn take_appends_of(&mut self, users: &[UserId]) -> Self {
        Self::of_appends(self.appends.extract_if(.., |append| users.contains(&append.user)).collect())
    }

    /// Each member alone.
    pub(super) fn split(self) -> impl Iterator<Item = Self> {
        let appends = self.appends.into_iter().map(|append| Self::of_appends(vec![append]));
        appends.chain(self.jobs.into_iter().map(Self::of_job))
    }
}

impl FromIterator<Command> for Batch {
    fn from_iter<I: IntoIterator<Item = Command>>(commands: I) -> Self {
        let mut batch = Self::default();
        for command in commands {
            match command {
                Command::Append(append) => batch.appends.push(append),
                Command::Write(job) => batch.jobs.push(job),
            }
        }
        batch
    }
}

/// Answers the callers of appends with their events.
pub(super) fn answer_appends(appends: Vec<Append>, events: Vec<Arc<Event>>) {
    for (append, event) in appends.into_iter().zip(events) {
        // A caller that no longer waits needs no answer; the write stands.
        let _ = append.done.send(Ok(event));
    }
}

/// A [`Write`] of any kind, with the caller that waits for it.
pub(super) trait Job: Send {
    /// Runs the write and keeps its answer; an error must be followed by a rollback.
    fn run<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, Result<Option<Arc<Event>>>>;

    /// Answers the caller after the commit, or with what made the commit fail.
    fn answer(self: Box<Self>, commit: Result<()>);
}

/// A [`Write`], its outcome, and the caller that waits.
pub(super) struct Pending<W: Write> {
    write: Arc<W>,
    made: Option<Result<W::Output>>,
    done: oneshot::Sender<Result<W::Output>>,
}

impl<W: Write> Pending<W> {
    pub(super) fn new(write: Arc<W>, done: oneshot::Sender<Result<W::Output>>) -> Self {
        Self { write, made: None, done }
    }
}

impl<W: Write> Job for Pending<W> {
    fn run<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, Result<Option<Arc<Event>>>> {
        Box::pin(async move {
            match self.write.run(tx).await {
                Ok(Done { output, event }) => {
                    self.made = Some(Ok(output));
                    Ok(event)
                }
                Err(error) => {
                    self.made = Some(Err(error.clone()));
                    Err(error)
                }
            }
        })
    }

    fn answer(self: Box<Self>, commit: Result<()>) {
        let made =
            self.made.unwrap_or_else(|| Err(Error::internal("a write was answered before it was run")));
        let _ = self.done.send(commit.and(made));
    }
}
