//! The shell around the pure parts: takes a run up, and drives it to its end.
//!
//! Invariant: an event is published together with, and after, the artifacts it names. So whatever
//! moment the process dies at, the fold of the events is a state that can be driven on.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use refrain_domain::gate::Verdict;
use refrain_domain::plan::{Plan, PlannedStep, Purpose};
use refrain_domain::run::{Run, RunEvent, StepFinished};
use refrain_store::Publication;

use crate::error::RunnerError;
use crate::executor::{Control, Executor};
use crate::schedule::{is_complete, ready};
use crate::step::{StepContext, StepError, run_step};
use crate::{Runner, now_ms, runs};

/// Steps that are under way at once. Their units share one pool, so this bounds memory only.
const STEPS_AT_ONCE: usize = 8;

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
        if run.status.is_terminal() && !matches!(run.status, refrain_domain::run::Status::Aborted) {
            return Ok(run);
        }
        let plan = self.plan_of(&run)?;
        let mut log = Log { runner: self, id, run: &mut run, watch };
        log.append(vec![RunEvent::Started { at_ms: now_ms() }], Publication::default())?;
        let outcome = self.drive_steps(&plan, &mut log, control)?;
        let last = match outcome {
            Outcome::Complete => return self.conclude(id, &plan, run, watch),
            Outcome::Ended(events) => events,
        };
        log.append(last, Publication::default())?;
        Ok(run)
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
                    control.cancel.store(true, std::sync::atomic::Ordering::Relaxed);
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
                let results = next_results(&receiver, control);
                under_way -= results.len();
                if let Some(outcome) = take_in(log, results)? {
                    control.cancel.store(true, std::sync::atomic::Ordering::Relaxed);
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
            return Some(Outcome::Ended(vec![RunEvent::Cancelled { at_ms: now_ms() }]));
        }
        #[expect(clippy::disallowed_methods, reason = "a wall-clock budget; it aborts, never decides")]
        let late = control.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        late.then(|| {
            let message = "the wall-clock budget is used up; resume, or raise `budget.wall`";
            let event = RunEvent::Aborted { message: message.to_owned(), at_ms: now_ms() };
            Outcome::Ended(vec![event])
        })
    }

    /// All steps are done: gate, registry, last event.
    fn conclude(
        &self,
        id: &str,
        plan: &Plan,
        mut run: Run,
        watch: Watcher<'_>,
    ) -> Result<Run, RunnerError> {
        let gate = self.weigh_gate(plan, &run)?;
        let verdict = (plan.purpose == Purpose::Train && !plan.gate.is_empty())
            .then(|| refrain_domain::gate::overall(&gate));
        let mut model_version = None;
        let mut publication = Publication::default();
        if let Some(register) = &plan.register {
            let passed = verdict == Some(Verdict::Pass);
            let (model, registration) =
                self.registration(id, plan, &run, register, &gate, verdict, passed)?;
            (model_version, publication) = (Some(model), registration);
        }
        let last = RunEvent::Finished { gate, verdict, model_version, at_ms: now_ms() };
        Log { runner: self, id, run: &mut run, watch }.append(vec![last], publication)?;
        Ok(run)
    }
}

enum Outcome {
    Complete,
    Ended(Vec<RunEvent>),
}

/// The outputs that a step reads, and no more.
fn needed(
    step: &PlannedStep,
    run: &Run,
) -> std::collections::BTreeMap<String, StepFinished> {
    let names = step.inputs.iter().filter_map(|source| match source {
        refrain_domain::plan::Source::Step { step, .. } => Some(step),
        _ => None,
    });
    names.filter_map(|name| Some((name.clone(), run.finished.get(name)?.clone()))).collect()
}

/// Waits for a step, then takes whatever else has come in: one publication serves them all.
fn next_results(receiver: &mpsc::Receiver<StepResult>, control: &Control) -> Vec<StepResult> {
    let tick = Duration::from_millis(50);
    let first = loop {
        match receiver.recv_timeout(tick) {
            Ok(result) => break result,
            // Units notice the deadline themselves; this only keeps the loop honest.
            Err(_) if control.is_cancelled() => {}
            Err(_) => {}
        }
    };
    std::iter::once(first).chain(receiver.try_iter()).collect()
}

/// Publishes finished steps, then tells whether one ended the run.
fn take_in(log: &mut Log<'_>, results: Vec<StepResult>) -> Result<Option<Outcome>, RunnerError> {
    let mut events = Vec::new();
    let mut publication = Publication::default();
    let mut ended = None;
    for (_, result) in results {
        match result {
            Ok((finished, memos)) => {
                events.push(RunEvent::StepFinished(finished));
                publication.memos.extend(memos.memos);
            }
            Err(error) if ended.is_none() => ended = Some(error),
            Err(_) => {}
        }
    }
    log.append(events, publication)?;
    let at_ms = now_ms();
    Ok(match ended {
        None => None,
        Some(StepError::Store(error)) => return Err(error.into()),
        Some(StepError::Cancelled) => {
            Some(Outcome::Ended(vec![RunEvent::Cancelled { at_ms }]))
        }
        Some(StepError::Aborted { step, message }) => {
            let message = format!("step `{step}`: {message}");
            Some(Outcome::Ended(vec![RunEvent::Aborted { message, at_ms }]))
        }
        Some(StepError::Failed { step, unit, failure }) => {
            let message = format!("step `{step}`: {failure}");
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
}

impl Log<'_> {
    /// Publishes events with whatever must become true with them.
    fn append(
        &mut self,
        events: Vec<RunEvent>,
        mut publication: Publication,
    ) -> Result<(), RunnerError> {
        if !events.is_empty() {
            publication.events.push(runs::append(self.id, &events));
        }
        self.runner.store.publish(&publication)?;
        for event in &events {
            if !self.run.apply(event) {
                return Err(RunnerError::Corrupt {
                    what: format!("run `{}`", self.id),
                    detail: format!("`{}` cannot follow", event.name()),
                });
            }
            (self.watch)(event);
        }
        Ok(())
    }
}
