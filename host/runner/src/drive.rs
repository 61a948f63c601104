//! The shell around the pure parts: takes a run up, and drives it to its end.
//!
//! Invariant: an event is published together with, and after, the artifacts it names. So whatever
//! moment the process dies at, the fold of the events is a state that can be driven on.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use refrain_domain::plan::{Plan, PlannedStep};
use refrain_domain::run::{Run, RunEvent, StepFinished};
use refrain_store::{Publication, StoreError};

use crate::conclude::conclude;
use crate::error::RunnerError;
use crate::executor::{Control, Executor};
use crate::schedule::{is_complete, is_ready, ready};
use crate::step::{StepContext, StepError, find_known, run_step};
use crate::{Runner, now_ms, runs};

/// Steps that are under way at once. Their units share one pool, so this bounds memory only.
const STEPS_AT_ONCE: usize = 8;

/// Finished steps wait this long at most for others to become durable with.
const PUBLISH_AFTER: Duration = Duration::from_millis(20);

/// How often a run looks again when others move the same names.
const ATTEMPTS_MAX: usize = 100;

/// Hears of every event as it becomes durable.
pub type Watcher<'a> = &'a (dyn Fn(&RunEvent) + Send + Sync);

type StepResult = (String, Result<(StepFinished, Publication), StepError>);

impl Runner {
    /// Drives a run to its end: a new one, or one that a crash or an abort left behind.
    ///
    /// # Errors
    /// [`RunnerError`] if the run does not exist or the store fails. A step that fails is no error
    /// here: the run ends as failed, and says why.
    pub fn drive(
        &self,
        id: &str,
        control: &Control,
        watch: Watcher<'_>,
    ) -> Result<Run, RunnerError> {
        let (mut run, _) = self.run(id)?;
        if !run.is_resumable() {
            return Ok(run);
        }
        let plan = self.plan_of(&run)?;
        let mut log =
            Log { runner: self, id, run: &mut run, watch, waiting: Vec::new(), memos: Vec::new() };
        log.push(RunEvent::Started { at_ms: now_ms() })?;
        // A run with nothing new to do starts no thread, and is published in one go.
        self.take_known(&plan, &mut log, control)?;
        let outcome = match is_complete(&plan, log.run) {
            true => Outcome::Complete,
            false => {
                log.publish(Publication::default())?;
                self.drive_steps(&plan, &mut log, control)?
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
        let nothing_started = BTreeSet::new();
        for step in &plan.steps {
            if !is_ready(step, log.run, &nothing_started) {
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
        log: &mut Log<'_>,
        control: &Control,
    ) -> Result<Outcome, RunnerError> {
        let executor = self.executor();
        let mut started: BTreeSet<String> = BTreeSet::new();
        let (sender, receiver) = mpsc::channel::<StepResult>();
        std::thread::scope(|scope| {
            let mut under_way = 0;
            loop {
                if let Some(outcome) = self.stop_reason(plan, log.run, control) {
                    control.cancel();
                    return Ok(outcome);
                }
                let room = STEPS_AT_ONCE - under_way;
                for step in ready(plan, log.run, &started).into_iter().take(room) {
                    started.insert(step.name.clone());
                    let (sender, finished) = (sender.clone(), needed(step, log.run));
                    let executor: &dyn Executor = &*executor;
                    scope.spawn(move || {
                        let (store, reuse) = (&*self.store, true);
                        let finished = &finished;
                        let context =
                            StepContext { plan, store, executor, control, finished, reuse };
                        // The receiver is gone only after a failure that already ended the run.
                        drop(sender.send((step.name.clone(), run_step(&context, step))));
                    });
                    under_way += 1;
                }
                if under_way == 0 {
                    return Ok(Outcome::Complete);
                }
                let results = next_results(&receiver, log)?;
                under_way -= results.len();
                if let Some(outcome) = take_in(log, results, control)? {
                    control.cancel();
                    return Ok(outcome);
                }
            }
        })
    }

    /// Why a run must stop between steps.
    fn stop_reason(&self, plan: &Plan, run: &Run, control: &Control) -> Option<Outcome> {
        let fuel: u64 = run.finished.values().map(|step| step.fuel).sum();
        if plan.fuel_max > 0 && fuel > plan.fuel_max {
            let message = format!(
                "fuel budget exhausted: {fuel} used of {}; raise `budget.fuel`",
                plan.fuel_max
            );
            return Some(Outcome::Ended(vec![RunEvent::Failed { message, at_ms: now_ms() }]));
        }
        if is_complete(plan, run) {
            return Some(Outcome::Complete);
        }
        if control.is_cancelled() {
            return Some(Outcome::cancelled(control));
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a wall-clock budget; it aborts, never decides"
        )]
        let late = control.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        late.then(|| {
            let message = "the wall-clock budget is used up; resume, or raise `budget.wall`";
            let event = RunEvent::Aborted { message: message.to_owned(), at_ms: now_ms() };
            Outcome::Ended(vec![event])
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

enum Outcome {
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

/// The outputs that a step reads, and no more.
fn needed(step: &PlannedStep, run: &Run) -> std::collections::BTreeMap<String, StepFinished> {
    let names = step.inputs.iter().filter_map(|source| match source {
        refrain_domain::plan::Source::Step { step, .. } => Some(step),
        _ => None,
    });
    names.filter_map(|name| Some((name.clone(), run.finished.get(name)?.clone()))).collect()
}

/// Waits for a step, then takes whatever else has come in. If the wait is long, what has come in
/// before becomes durable meanwhile: quick steps share a publication, slow ones have their own.
fn next_results(
    receiver: &mpsc::Receiver<StepResult>,
    log: &mut Log<'_>,
) -> Result<Vec<StepResult>, RunnerError> {
    let ended = |_| RunnerError::Host { message: "BUG: a step ended without a result".to_owned() };
    let first = match receiver.recv_timeout(PUBLISH_AFTER) {
        Ok(first) => first,
        Err(_) => {
            log.publish(Publication::default())?;
            receiver.recv().map_err(ended)?
        }
    };
    Ok(std::iter::once(first).chain(receiver.try_iter()).collect())
}

/// Takes finished steps into the log, then tells whether one ended the run.
fn take_in(
    log: &mut Log<'_>,
    results: Vec<StepResult>,
    control: &Control,
) -> Result<Option<Outcome>, RunnerError> {
    let mut ended = None;
    for (_, result) in results {
        match result {
            Ok((finished, publication)) => {
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

/// A run's event stream and its fold, side by side.
struct Log<'a> {
    runner: &'a Runner,
    id: &'a str,
    run: &'a mut Run,
    watch: Watcher<'a>,
    /// Taken into the fold, and not durable yet.
    waiting: Vec<RunEvent>,
    memos: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Log<'_> {
    /// Takes an event into the fold; it becomes durable with the next publication.
    fn push(&mut self, event: RunEvent) -> Result<(), RunnerError> {
        if !self.run.apply(&event) {
            return Err(RunnerError::Corrupt {
                what: format!("run `{}`", self.id),
                detail: format!("`{}` cannot follow", event.name()),
            });
        }
        self.waiting.push(event);
        Ok(())
    }

    /// Publishes the waiting events with whatever must become true with them.
    fn publish(&mut self, mut publication: Publication) -> Result<(), RunnerError> {
        if !self.waiting.is_empty() {
            publication.events.push(runs::append(self.id, &self.waiting));
        }
        publication.memos.append(&mut self.memos);
        self.runner.store.publish(&publication)?;
        self.waiting.drain(..).for_each(|event| (self.watch)(&event));
        Ok(())
    }

    /// Publishes the last event. If that fails, the event is taken back.
    fn publish_last(
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
