//! The shell around the pure parts: takes a run up, and drives it to its end.
//!
//! Invariant: an event is published together with, and after, the artifacts it names. So whatever
//! moment the process dies at, the fold of the events is a state that can be driven on.

mod log;
mod outcome;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{PoisonError, mpsc};
use std::time::Duration;

use refrain_domain::plan::{Plan, PlannedStep};
use refrain_domain::run::{Run, RunEvent, StepFinished};
use refrain_store::{Publication, StoreError};

use crate::conclude::conclude;
use crate::error::RunnerError;
use crate::executor::{Control, Executor};
use crate::schedule::{Schedule, is_ready};
use crate::step::{StepContext, StepError, find_known, run_step};
use crate::{Runner, now_ms};
use log::Log;
use outcome::{Outcome, stop_reason, take_in};

/// Steps that are under way at once. Their units share one pool, so this bounds memory only.
const STEPS_AT_ONCE: usize = 8;

/// Finished steps wait this long at most for others to become durable with.
const PUBLISH_AFTER: Duration = Duration::from_millis(20);

/// How often a run looks again when others move the same names.
const ATTEMPTS_MAX: usize = 100;

/// Hears of every event as it becomes durable.
pub type Watcher<'a> = &'a (dyn Fn(&RunEvent) + Send + Sync);

type StepResult = Result<(StepFinished, Publication), StepError>;

impl Runner {
    /// Drives a run to its end: a new one, or one that a crash or an abort left behind.
    ///
    /// # Errors
    /// [`RunnerError`] if the run does not exist, is being driven already, or the store fails. A step that fails is no error
    /// here: the run ends as failed, and says why.
    pub fn drive(
        &self,
        id: &str,
        control: &Control,
        watch: Watcher<'_>,
    ) -> Result<Run, RunnerError> {
        let _one_writer = Driven::claim(self, id)?;
        let (mut run, events) = self.run(id)?;
        if !run.is_resumable() {
            return Ok(run);
        }
        let plan = self.plan_of(&run)?;
        let mut log = Log::new(self, id, &mut run, events.len() as u64, watch);
        log.push(RunEvent::Started { at_ms: now_ms() })?;
        // A run with nothing new to do starts no thread, and is published in one go.
        self.take_known(&plan, &mut log, control)?;
        let mut schedule = Schedule::new(&plan, log.run);
        let outcome = match stop_reason(&plan, &schedule, &log, control) {
            Some(outcome) => outcome,
            None => {
                log.publish(Publication::default())?;
                self.drive_steps(&plan, &mut schedule, &mut log, control)?
            }
        };
        match outcome {
            Outcome::Complete => self.conclude(&plan, &mut log)?,
            Outcome::Ended(events) => {
                events.into_iter().try_for_each(|event| log.push(event))?;
                log.publish(Publication::default())?;
            }
        }
        Ok(run)
    }

    /// Takes in every step whose outputs are known, as far as the known steps reach.
    fn take_known(
        &self,
        plan: &Plan,
        log: &mut Log<'_>,
        control: &Control,
    ) -> Result<(), RunnerError> {
        let executor = self.executor();
        for step in &plan.steps {
            if !is_ready(step, log.run) {
                continue;
            }
            let context = StepContext {
                plan,
                store: &*self.store,
                executor: &*executor,
                control,
                finished: &log.run.finished,
                reuse: true,
            };
            match find_known(&context, step) {
                Ok(Some(known)) => log.push(RunEvent::StepFinished(known))?,
                Ok(None) => {}
                Err(StepError::Store(error)) => return Err(error.into()),
                // Whatever else is wrong with the step, running it will say.
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn drive_steps(
        &self,
        plan: &Plan,
        schedule: &mut Schedule<'_>,
        log: &mut Log<'_>,
        control: &Control,
    ) -> Result<Outcome, RunnerError> {
        let executor = self.executor();
        let (sender, receiver) = mpsc::channel::<StepResult>();
        std::thread::scope(|scope| {
            let mut under_way = 0;
            loop {
                if let Some(outcome) = stop_reason(plan, schedule, log, control) {
                    control.cancel();
                    return Ok(outcome);
                }
                for step in schedule.take(STEPS_AT_ONCE - under_way) {
                    let (sender, finished) = (sender.clone(), needed(step, log.run));
                    let executor: &dyn Executor = &*executor;
                    scope.spawn(move || {
                        let (store, reuse) = (&*self.store, true);
                        let finished = &finished;
                        let context =
                            StepContext { plan, store, executor, control, finished, reuse };
                        // Whoever waits for the step must hear of its end, however it ends.
                        let run = AssertUnwindSafe(|| run_step(&context, step));
                        let result = catch_unwind(run).unwrap_or_else(|_| Err(panicked(step)));
                        // The receiver is gone only after a failure that already ended the run.
                        drop(sender.send(result));
                    });
                    under_way += 1;
                }
                if under_way == 0 {
                    // Unfinished, and nothing to wait for: the plan waits for itself.
                    return Err(RunnerError::corrupt(
                        format!("plan {}", log.run.plan),
                        "its steps wait for outputs that none of them makes",
                    ));
                }
                let taken = next_results(&receiver, log).and_then(|results| {
                    under_way -= results.len();
                    take_in(log, schedule, results, control)
                });
                match taken {
                    Ok(None) => {}
                    Ok(Some(outcome)) => {
                        control.cancel();
                        return Ok(outcome);
                    }
                    Err(error) => {
                        control.cancel();
                        return Err(error);
                    }
                }
            }
        })
    }

    /// All steps are done: gate, registry, last event.
    fn conclude(&self, plan: &Plan, log: &mut Log<'_>) -> Result<(), RunnerError> {
        let conclusion = conclude(&*self.store, plan, log.run)?;
        let (gate, verdict) = (conclusion.gate, conclusion.verdict);
        let mut attempts = 0;
        loop {
            let mut model_version = None;
            let mut publication = Publication::default();
            if let (Some(register), Some(model)) = (&plan.register, &conclusion.model) {
                let (model, registration) = self.registration(log.id, register, model)?;
                (model_version, publication) = (Some(model), registration);
            }
            let (gate, at_ms) = (gate.clone(), now_ms());
            let last = RunEvent::Finished { gate, verdict, model_version, at_ms };
            match log.publish_last(last, publication) {
                // Another run has registered or moved the alias since: look again.
                Err(RunnerError::Store(StoreError::Conflict { .. })) if attempts < ATTEMPTS_MAX => {
                    attempts += 1;
                }
                result => return result,
            }
        }
    }
}

fn panicked(step: &PlannedStep) -> StepError {
    let message = "BUG: it panicked, and standard error says where; please report it".to_owned();
    StepError::Aborted { step: step.name.clone(), message }
}

/// A run's place among those that are being driven, given up when driving ends.
struct Driven<'a> {
    runner: &'a Runner,
    id: &'a str,
}

impl<'a> Driven<'a> {
    fn claim(runner: &'a Runner, id: &'a str) -> Result<Self, RunnerError> {
        let mut driven = runner.driven.lock().unwrap_or_else(PoisonError::into_inner);
        if driven.insert(id.to_owned()) {
            return Ok(Self { runner, id });
        }
        let message = format!("run `{id}` is being driven already: follow its events instead");
        Err(RunnerError::Invalid { message })
    }
}

impl Drop for Driven<'_> {
    fn drop(&mut self) {
        let mut driven = self.runner.driven.lock().unwrap_or_else(PoisonError::into_inner);
        driven.remove(self.id);
    }
}

/// The outputs that a step reads, and no more.
fn needed(step: &PlannedStep, run: &Run) -> std::collections::BTreeMap<String, StepFinished> {
    let names = step.inputs.iter().filter_map(|source| match source {
        refrain_domain::plan::Source::Step { step, .. } => Some(step),
        _ => None,
    });
    names.filter_map(|name| Some((name.clone(), run.finished.get(name)?.clone()))).collect()
}

/// Waits for a step, then takes whatever else has come in. What came in before becomes durable once
/// it has waited [`PUBLISH_AFTER`]: quick steps share a publication, slow ones have their own.
fn next_results(
    receiver: &mpsc::Receiver<StepResult>,
    log: &mut Log<'_>,
) -> Result<Vec<StepResult>, RunnerError> {
    let ended = |_| RunnerError::Host { message: "BUG: a step ended without a result".to_owned() };
    let patience = log.waits().map(|waited| PUBLISH_AFTER.saturating_sub(waited));
    let in_time = patience.and_then(|patience| receiver.recv_timeout(patience).ok());
    let first = match in_time {
        Some(first) => first,
        None => {
            if patience.is_some() {
                log.publish(Publication::default())?;
            }
            receiver.recv().map_err(ended)?
        }
    };
    Ok(std::iter::once(first).chain(receiver.try_iter()).collect())
}
