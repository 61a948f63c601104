//! Runs in the store: one event stream each.

use refrain_domain::plan::Plan;
use refrain_domain::run::{Run, RunEvent};
use refrain_domain::{Digest, to_canonical};
use refrain_store::{EventAppend, Publication, StoreError};
use serde::de::DeserializeOwned;

use crate::conclude::read_manifest;
use crate::error::RunnerError;
use crate::{Runner, now_ms};

const STREAMS: &str = "runs/";

impl Runner {
    /// Records a run to be driven, and gives it a name: the pipeline's, and a number from 1. Answers
    /// the plan's digest too.
    ///
    /// # Errors
    /// [`RunnerError::Store`].
    pub fn submit(&self, plan: &Plan) -> Result<(String, Digest), RunnerError> {
        let bytes = to_canonical(plan).map_err(|error| RunnerError::corrupt("the plan", error))?;
        let digest = self.store.stage(&bytes)?;
        let prefix = format!("{STREAMS}{}-", plan.pipeline);
        let taken = self.store.list_streams(&prefix)?;
        let numbers = taken.iter().filter_map(|(name, _)| name[prefix.len()..].parse::<u64>().ok());
        let mut number = numbers.max().unwrap_or(0) + 1;
        loop {
            let id = format!("{}-{number}", plan.pipeline);
            let submitted = RunEvent::Submitted { plan: digest, at_ms: now_ms() };
            let event = append(&id, &[submitted], Some(0));
            let publication = Publication { events: vec![event], ..Publication::default() };
            match self.store.publish(&publication) {
                Ok(()) => return Ok((id, digest)),
                Err(StoreError::StreamConflict { .. }) => number += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A run's state and its events.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`], naming the nearest run there is.
    pub fn run(&self, id: &str) -> Result<(Run, Vec<RunEvent>), RunnerError> {
        let events = self.events(id, 0)?;
        if events.is_empty() {
            let known: Vec<String> = self.run_ids()?;
            return Err(RunnerError::not_found("run", id, &known));
        }
        let run = Run::fold(&events)
            .map_err(|error| RunnerError::corrupt(format!("run `{id}`"), error))?;
        Ok((run, events))
    }

    /// The events of a run from the given number on.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] for an event that this version cannot read.
    pub fn events(&self, id: &str, from: u64) -> Result<Vec<RunEvent>, RunnerError> {
        let raw = self.store.read_events(&stream(id), from)?;
        let parse = |bytes: &Vec<u8>| serde_json::from_slice(bytes);
        raw.iter()
            .map(parse)
            .collect::<Result<_, _>>()
            .map_err(|error| RunnerError::corrupt(format!("an event of run `{id}`"), error))
    }

    /// The names of all runs, in the order in which they were submitted within each pipeline.
    ///
    /// # Errors
    /// [`RunnerError::Store`].
    pub fn run_ids(&self) -> Result<Vec<String>, RunnerError> {
        let streams = self.store.list_streams(STREAMS)?;
        let mut ids: Vec<String> =
            streams.into_iter().map(|(name, _)| name[STREAMS.len()..].to_owned()).collect();
        let key = |id: &str| {
            let (pipeline, number) = id.rsplit_once('-').unwrap_or((id, "0"));
            (pipeline.to_owned(), number.parse::<u64>().unwrap_or(0))
        };
        ids.sort_by_key(|id| key(id));
        Ok(ids)
    }

    /// The plan of a run.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] if the artifact is no plan.
    pub fn plan_of(&self, run: &Run) -> Result<Plan, RunnerError> {
        self.read_manifest("plan", &run.plan)
    }

    /// Reads a manifest by digest.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] if the artifact is something else.
    pub fn read_manifest<T: DeserializeOwned>(
        &self,
        what: &str,
        digest: &Digest,
    ) -> Result<T, RunnerError> {
        read_manifest(&*self.store, what, digest)
    }

    /// Takes a run that nobody drives out of the way.
    ///
    /// # Errors
    /// [`RunnerError::Invalid`] for a run that has ended.
    pub fn cancel(&self, id: &str) -> Result<Run, RunnerError> {
        let (mut run, events) = self.run(id)?;
        let event = RunEvent::Cancelled { at_ms: now_ms() };
        if !run.apply(&event) {
            let message =
                format!("run `{id}` has {}; only a run under way can be cancelled", run.status);
            return Err(RunnerError::Invalid { message });
        }
        let append = append(id, &[event], Some(events.len() as u64));
        let publication = Publication { events: vec![append], ..Publication::default() };
        self.store.publish(&publication)?;
        Ok(run)
    }
}

/// The stream of a run's events.
pub(crate) fn stream(id: &str) -> String {
    format!("{STREAMS}{id}")
}

/// Events as the store takes them, if there are so many before them.
pub(crate) fn append(id: &str, events: &[RunEvent], expected_len: Option<u64>) -> EventAppend {
    let encode = |event| serde_json::to_vec(event).expect("BUG: an event without a JSON form");
    EventAppend { stream: stream(id), expected_len, events: events.iter().map(encode).collect() }
}
