//! [`Run`]: the fold of a run's events. The event log is the only truth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gate::{GateResult, Verdict};
use crate::{Digest, Failure};

/// Something that happened to a run. Times are for people and decide nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent {
    /// The first event: what to do.
    Submitted {
        /// The plan's digest.
        plan: Digest,
        /// Milliseconds since the epoch.
        at_ms: i64,
    },
    /// A process took the run up (again).
    Started {
        /// Milliseconds since the epoch.
        at_ms: i64,
    },
    /// A step's outputs exist.
    StepFinished(StepFinished),
    /// A step has failed; the same inputs would fail again.
    StepFailed {
        /// The step.
        step: String,
        /// The unit within the step, counted from 0.
        unit: u64,
        /// Why.
        failure: Failure,
    },
    /// The last event of a run that came to an end by itself.
    Finished {
        /// What the gate found.
        gate: Vec<GateResult>,
        /// The gate as a whole; none where there was no gate.
        verdict: Option<Verdict>,
        /// The model version made.
        model_version: Option<RegisteredModel>,
        /// Milliseconds since the epoch.
        at_ms: i64,
    },
    /// The last event of a run that failed.
    Failed {
        /// Why, with the step.
        message: String,
        /// Milliseconds since the epoch.
        at_ms: i64,
    },
    /// The host gave up: a deadline or a shortage. The run can be taken up again.
    Aborted {
        /// Why.
        message: String,
        /// Milliseconds since the epoch.
        at_ms: i64,
    },
    /// Someone asked for it to end.
    Cancelled {
        /// Milliseconds since the epoch.
        at_ms: i64,
    },
}

/// A step's outputs exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepFinished {
    /// The step.
    pub step: String,
    /// Output name to artifact.
    pub outputs: BTreeMap<String, Digest>,
    /// The [`StepRecord`]: every unit with its key, output and fuel.
    pub record: Digest,
    /// Units that ran.
    pub units_executed: u64,
    /// Units whose results were known.
    pub units_reused: u64,
    /// Fuel of all units, executed or reused.
    pub fuel: u64,
    /// How long it took here; decides nothing.
    pub wall_us: u64,
}

/// What each unit of a step made. An artifact; replay compares it unit by unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// In the order in which the step made them.
    pub units: Vec<UnitRecord>,
}

/// What one unit made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitRecord {
    /// `apply[3]`, `pass[2]`: what it did, and to which chunk.
    pub name: String,
    /// The unit's step key: the digest of all that decides its output.
    pub key: Digest,
    /// The digests of what it made: column blocks, or one artifact.
    pub outputs: Vec<Digest>,
    /// Fuel used.
    pub fuel: u64,
}

/// A model version in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredModel {
    /// The model's name.
    pub model: String,
    /// Counted from 1.
    pub version: u64,
    /// The manifest.
    pub digest: Digest,
    /// The alias that moved to it.
    pub alias: Option<String>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not taken up yet.
    Submitted,
    /// Steps are to be done. After a crash a run is found in this state, and goes on.
    Running,
    /// All steps are done.
    Succeeded,
    /// A step failed.
    Failed,
    /// The host gave up; it can be taken up again.
    Aborted,
    /// Someone ended it.
    Cancelled,
}

impl Status {
    /// Whether nothing more will happen by itself.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Aborted)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Submitted => "submitted",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Cancelled => "cancelled",
        })
    }
}

/// The state of a run: a fold over its events, nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The plan's digest.
    pub plan: Digest,
    /// Where it stands.
    pub status: Status,
    /// By step.
    pub finished: BTreeMap<String, StepFinished>,
    /// The step that failed, and why.
    pub failed: Option<(String, Failure)>,
    /// Why it failed or was given up.
    pub message: Option<String>,
    /// What the gate found.
    pub gate: Vec<GateResult>,
    /// The gate as a whole.
    pub verdict: Option<Verdict>,
    /// The model version made.
    pub model_version: Option<RegisteredModel>,
    /// Milliseconds since the epoch.
    pub submitted_at_ms: i64,
    /// Milliseconds since the epoch; of the last start.
    pub started_at_ms: Option<i64>,
    /// Milliseconds since the epoch.
    pub ended_at_ms: Option<i64>,
}

/// Events that make no run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// A stream that does not begin with `submitted`.
    #[error("the first event of a run is `submitted`")]
    NotSubmitted,
    /// A second `submitted`, or anything after the end.
    #[error("event {index} (`{event}`) cannot follow a run that is {status}")]
    Unexpected {
        /// Counted from 0.
        index: usize,
        /// Its name.
        event: &'static str,
        /// The run before it.
        status: Status,
    },
    /// A step that comes to an end a second time.
    #[error("event {index} (`{event}`) ends step `{step}`, which has ended before")]
    Twice {
        /// Counted from 0.
        index: usize,
        /// Its name.
        event: &'static str,
        /// The step.
        step: String,
    },
}

impl Run {
    /// Folds a whole stream.
    ///
    /// # Errors
    /// [`FoldError`] for a stream that no runner wrote.
    pub fn fold(events: &[RunEvent]) -> Result<Self, FoldError> {
        let Some(RunEvent::Submitted { plan, at_ms }) = events.first() else {
            return Err(FoldError::NotSubmitted);
        };
        let mut run = Self::submitted(*plan, *at_ms);
        for (index, event) in events.iter().enumerate().skip(1) {
            let status = run.status;
            if !run.apply(event) {
                return Err(match run.ended_step(event) {
                    Some(step) => FoldError::Twice { index, event: event.name(), step },
                    None => FoldError::Unexpected { index, event: event.name(), status },
                });
            }
        }
        Ok(run)
    }

    fn submitted(plan: Digest, at_ms: i64) -> Self {
        Self {
            plan,
            status: Status::Submitted,
            finished: BTreeMap::new(),
            failed: None,
            message: None,
            gate: Vec::new(),
            verdict: None,
            model_version: None,
            submitted_at_ms: at_ms,
            started_at_ms: None,
            ended_at_ms: None,
        }
    }

    /// Takes in the next event; false if it cannot follow.
    #[must_use]
    pub fn apply(&mut self, event: &RunEvent) -> bool {
        match event {
            RunEvent::Submitted { .. } => return false,
            RunEvent::Started { at_ms } => {
                if !self.is_resumable() {
                    return false;
                }
                self.status = Status::Running;
                self.failed = None;
                self.started_at_ms = Some(*at_ms);
                self.ended_at_ms = None;
                self.message = None;
            }
            _ if self.status != Status::Running && !matches!(event, RunEvent::Cancelled { .. }) => {
                return false;
            }
            RunEvent::StepFinished(_) | RunEvent::StepFailed { .. } | RunEvent::Finished { .. }
                if self.failed.is_some() || self.ended_step(event).is_some() =>
            {
                return false;
            }
            RunEvent::StepFinished(step) => {
                self.finished.insert(step.step.clone(), step.clone());
            }
            RunEvent::StepFailed { step, failure, .. } => {
                self.failed = Some((step.clone(), failure.clone()));
            }
            RunEvent::Finished { gate, verdict, model_version, at_ms } => {
                self.gate.clone_from(gate);
                self.verdict = *verdict;
                self.model_version.clone_from(model_version);
                self.end(Status::Succeeded, None, *at_ms);
            }
            RunEvent::Failed { message, at_ms } => {
                self.end(Status::Failed, Some(message.clone()), *at_ms);
            }
            RunEvent::Aborted { message, at_ms } => {
                self.end(Status::Aborted, Some(message.clone()), *at_ms);
            }
            RunEvent::Cancelled { at_ms } => {
                if self.status.is_terminal() {
                    return false;
                }
                self.end(Status::Cancelled, None, *at_ms);
            }
        }
        true
    }

    /// The step that an event ends, if it has ended before.
    fn ended_step(&self, event: &RunEvent) -> Option<String> {
        let step = match event {
            RunEvent::StepFinished(finished) => &finished.step,
            RunEvent::StepFailed { step, .. } => step,
            _ => return None,
        };
        let has_failed = self.failed.as_ref().is_some_and(|(failed, _)| failed == step);
        (has_failed || self.finished.contains_key(step)).then(|| step.clone())
    }

    fn end(&mut self, status: Status, message: Option<String>, at_ms: i64) {
        self.status = status;
        self.message = message;
        self.ended_at_ms = Some(at_ms);
    }

    /// Whether it can be driven on: it has not come to an end, or the host gave it up.
    pub const fn is_resumable(&self) -> bool {
        !self.status.is_terminal() || matches!(self.status, Status::Aborted)
    }

    /// Units that ran, over all steps.
    pub fn units_executed(&self) -> u64 {
        self.finished.values().map(|step| step.units_executed).sum()
    }

    /// Units whose results were known, over all steps.
    pub fn units_reused(&self) -> u64 {
        self.finished.values().map(|step| step.units_reused).sum()
    }
}

impl RunEvent {
    /// The event's name, as it stands in its JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::Started { .. } => "started",
            Self::StepFinished(_) => "step-finished",
            Self::StepFailed { .. } => "step-failed",
            Self::Finished { .. } => "finished",
            Self::Failed { .. } => "failed",
            Self::Aborted { .. } => "aborted",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}
