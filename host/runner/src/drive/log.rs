//! [`Log`]: a run's event stream and its fold, side by side.
//!
//! Invariant: one writer a run. Every publication says how long the stream must be, so that an event
//! of anybody else's, in this process or another, ends the writing and is never written over.

use std::time::{Duration, Instant};

use refrain_domain::run::{Run, RunEvent};
use refrain_store::{Publication, StoreError};

use super::Watcher;
use crate::error::RunnerError;
use crate::{Runner, runs};

/// A run's event stream and its fold.
pub(super) struct Log<'a> {
    runner: &'a Runner,
    pub(super) id: &'a str,
    pub(super) run: &'a mut Run,
    watch: Watcher<'a>,
    /// Events that are durable.
    len: u64,
    /// Fuel of all steps that have finished.
    pub(super) fuel: u64,
    /// Taken into the fold, and not durable yet.
    waiting: Vec<RunEvent>,
    /// Since when the oldest of them waits.
    oldest: Option<Instant>,
    pub(super) memos: Vec<(Vec<u8>, Vec<u8>)>,
}

impl<'a> Log<'a> {
    /// The log of a run that has so many events.
    pub(super) fn new(
        runner: &'a Runner,
        id: &'a str,
        run: &'a mut Run,
        len: u64,
        watch: Watcher<'a>,
    ) -> Self {
        let fuel = run.finished.values().fold(0, |sum: u64, step| sum.saturating_add(step.fuel));
        let (waiting, memos) = (Vec::new(), Vec::new());
        Self { runner, id, run, watch, len, fuel, waiting, oldest: None, memos }
    }

    /// Takes an event into the fold; it becomes durable with the next publication.
    pub(super) fn push(&mut self, event: RunEvent) -> Result<(), RunnerError> {
        if !self.run.apply(&event) {
            return Err(RunnerError::Corrupt {
                what: format!("run `{}`", self.id),
                detail: format!("`{}` cannot follow", event.name()),
            });
        }
        if let RunEvent::StepFinished(step) = &event {
            self.fuel = self.fuel.saturating_add(step.fuel);
        }
        self.waiting.push(event);
        self.oldest.get_or_insert_with(now);
        Ok(())
    }

    /// For how long the oldest event has waited to become durable.
    pub(super) fn waits(&self) -> Option<Duration> {
        self.oldest.map(|oldest| now().saturating_duration_since(oldest))
    }

    /// Publishes the waiting events with whatever must become true with them.
    pub(super) fn publish(&mut self, mut publication: Publication) -> Result<(), RunnerError> {
        if !self.waiting.is_empty() {
            let append = runs::append(self.id, &self.waiting, Some(self.len));
            publication.events.push(append);
        }
        let n_memos = publication.memos.len();
        publication.memos.append(&mut self.memos);
        if let Err(error) = self.runner.store.publish(&publication) {
            // Whoever tries again still has them to publish.
            self.memos = publication.memos.split_off(n_memos);
            return Err(self.refused(error));
        }
        self.len += self.waiting.len() as u64;
        self.oldest = None;
        self.waiting.drain(..).for_each(|event| (self.watch)(&event));
        Ok(())
    }

    fn refused(&self, error: StoreError) -> RunnerError {
        match error {
            StoreError::StreamConflict { stream, .. } if stream == runs::stream(self.id) => {
                let message = format!(
                    "run `{}` was cancelled or taken up elsewhere while it was driven here: its events tell how it stands",
                    self.id
                );
                RunnerError::Invalid { message }
            }
            other => other.into(),
        }
    }

    /// Publishes the last event. If that fails, the event is taken back.
    pub(super) fn publish_last(
        &mut self,
        last: RunEvent,
        publication: Publication,
    ) -> Result<(), RunnerError> {
        let before = self.run.clone();
        self.push(last)?;
        self.publish(publication).inspect_err(|_| {
            *self.run = before;
            self.waiting.pop();
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "how soon events become durable; it decides nothing")]
fn now() -> Instant {
    Instant::now()
}
