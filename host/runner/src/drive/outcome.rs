//! How driving comes to an end, and what is written down then.

use std::time::Instant;

use refrain_domain::plan::Plan;
use refrain_domain::run::RunEvent;

use super::StepResult;
use super::log::Log;
use crate::error::RunnerError;
use crate::executor::Control;
use crate::now_ms;
use crate::schedule::Schedule;
use crate::step::StepError;

/// How driving comes to an end.
pub(super) enum Outcome {
    Complete,
    /// The last events; none where the run was only interrupted.
    Ended(Vec<RunEvent>),
}

impl Outcome {
    fn cancelled(control: &Control) -> Self {
        let ended = (!control.is_interrupted()).then(|| RunEvent::Cancelled { at_ms: now_ms() });
        Self::Ended(ended.into_iter().collect())
    }
}

/// Why a run must stop between steps.
pub(super) fn stop_reason(
    plan: &Plan,
    schedule: &Schedule<'_>,
    log: &Log<'_>,
    control: &Control,
) -> Option<Outcome> {
    // Known results count too: what a run may use does not depend on what happens to be cached.
    if plan.fuel_max > 0 && log.fuel > plan.fuel_max {
        let (used, most) = (log.fuel, plan.fuel_max);
        let message = format!("fuel budget exhausted: {used} used of {most}; raise `budget.fuel`");
        return Some(Outcome::Ended(vec![RunEvent::Failed { message, at_ms: now_ms() }]));
    }
    if schedule.is_complete() {
        return Some(Outcome::Complete);
    }
    if control.is_cancelled() {
        return Some(Outcome::cancelled(control));
    }
    #[expect(clippy::disallowed_methods, reason = "a wall-clock budget; it aborts, never decides")]
    let late = control.deadline.is_some_and(|deadline| Instant::now() >= deadline);
    late.then(|| {
        let message = "the wall-clock budget is used up; resume, or raise `budget.wall`";
        let event = RunEvent::Aborted { message: message.to_owned(), at_ms: now_ms() };
        Outcome::Ended(vec![event])
    })
}

/// Takes finished steps into the log, then tells whether one ended the run.
pub(super) fn take_in(
    log: &mut Log<'_>,
    schedule: &mut Schedule<'_>,
    results: Vec<StepResult>,
    control: &Control,
) -> Result<Option<Outcome>, RunnerError> {
    let mut ended = None;
    for result in results {
        match result {
            Ok((finished, publication)) => {
                schedule.finish(&finished.step);
                log.push(RunEvent::StepFinished(finished))?;
                log.memos.extend(publication.memos);
            }
            Err(error) if ended.is_none() => ended = Some(error),
            Err(_) => {}
        }
    }
    let at_ms = now_ms();
    Ok(match ended {
        None => None,
        Some(StepError::Store(error)) => return Err(error.into()),
        Some(StepError::Cancelled) => Some(Outcome::cancelled(control)),
        Some(StepError::Aborted { step, message }) => {
            let message = format!("step `{step}`: {message}");
            Some(Outcome::Ended(vec![RunEvent::Aborted { message, at_ms }]))
        }
        Some(error @ StepError::Failed { .. }) => {
            let message = error.to_string();
            let StepError::Failed { step, unit, failure, .. } = error else {
                return Err(RunnerError::Host { message });
            };
            let failed = RunEvent::StepFailed { step, unit, failure };
            Some(Outcome::Ended(vec![failed, RunEvent::Failed { message, at_ms }]))
        }
    })
}
