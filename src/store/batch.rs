//! What waits to be written, and what of it is committed together.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::domain::{Error, Event, Result, UserId};

use super::{
    append::Append,
    write::{Done, Tx, Write},
};

/// What waits for the thread that writes.
pub(super) enum Command {
    Append(Append),
    Write(Box<dyn Job>),
}

/// What is committed together.
pub(super) enum Batch {
    Appends(Vec<Append>),
    Writes(Vec<Box<dyn Job>>),
}

impl Batch {
    /// The appends of `commands` and the other writes, where there are any.
    pub(super) fn parts(commands: impl Iterator<Item = Command>) -> impl Iterator<Item = Self> {
        let (mut appends, mut writes) = (Vec::new(), Vec::new());
        for command in commands {
            match command {
                Command::Append(append) => appends.push(append),
                Command::Write(job) => writes.push(job),
            }
        }
        [Self::Appends(appends), Self::Writes(writes)].into_iter().filter(|part| part.len() > 0)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Appends(appends) => appends.len(),
            Self::Writes(jobs) => jobs.len(),
        }
    }

    /// Answers everyone: with the events of the appends, in their order, or with what went wrong.
    pub(super) fn answer(self, outcome: Result<Vec<Arc<Event>>>) {
        match (self, outcome) {
            (Self::Appends(appends), Ok(events)) => {
                for (append, event) in appends.into_iter().zip(events) {
                    // Who no longer waits needs no answer; the write stands.
                    let _ = append.done.send(Ok(event));
                }
            }
            (Self::Appends(appends), Err(error)) => {
                appends.into_iter().for_each(|append| append.fail(error.clone()));
            }
            (Self::Writes(jobs), outcome) => {
                let commit = outcome.map(drop);
                jobs.into_iter().for_each(|job| job.answer(commit.clone()));
            }
        }
    }

    /// Takes out the appends of `users`.
    pub(super) fn take_appends_of(&mut self, users: &[UserId]) -> Self {
        let Self::Appends(appends) = self else { return Self::Appends(Vec::new()) };
        Self::Appends(appends.extract_if(.., |append| users.contains(&append.user)).collect())
    }

    /// Each member on its own.
    pub(super) fn split(self) -> Vec<Self> {
        match self {
            Self::Appends(appends) => appends.into_iter().map(|append| Self::Appends(vec![append])).collect(),
            Self::Writes(jobs) => jobs.into_iter().map(|job| Self::Writes(vec![job])).collect(),
        }
    }
}

/// A [`Write`] of any kind, and who waits for it.
pub(super) trait Job: Send {
    /// Runs the write and keeps its answer; an error must be followed by a rollback.
    fn run<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, Result<Option<Arc<Event>>>>;

    /// Answers the caller after the commit, or with what made the commit fail.
    fn answer(self: Box<Self>, commit: Result<()>);
}

/// A [`Write`], what came of it, and who waits.
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
