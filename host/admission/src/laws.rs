//! The laws of the contract that no type can state, each shown by running the component.

use std::sync::Arc;
use std::time::{Duration, Instant};

use refrain_domain::{Digest, Failure, Grant, Limits, Role};
use refrain_sandbox::{Plugin, Sandbox, UnitContext};
use serde_json::{Value, json};

use crate::case::Case;
use crate::exercise::{Effect, Grouping, exercise};
use crate::generate::{Flavour, N_ROWS, Split, input, without_cases};
use crate::report::{Baseline, Check, Report, Verdict};
use crate::value::first_difference;

/// How long one exercise of a component may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long all of them may take together: whoever waits for the verdict gets one.
const DEADLINE_ALL: Duration = Duration::from_secs(300);

/// How far a merged fold may be from one in a single pass: sums in another order round otherwise.
const MERGE_TOLERANCE: f64 = 1e-6;

/// Cases that are looked at; more would only take longer.
const CASES_MAX: usize = 4;

/// The checks that look at how rows are spread.
const LAWS: [&str; 4] = ["restored", "merged", "batches", "empty"];

/// The engines that must agree.
#[derive(Clone)]
pub struct Provers {
    /// Compiled code.
    pub cranelift: Sandbox,
    /// wasmtime's interpreter.
    pub pulley: Sandbox,
}

/// Makes all checks of a component that has been admitted. Without cases of its author it is tried
/// on columns of every kind and no parameters.
///
/// A failed check is no error here; it stands in the report. So does a component that does not even
/// compile.
pub fn prove(provers: &Provers, component: &[u8], grants: &[Grant], cases: &[Case]) -> Report {
    let digest = Digest::of(component);
    let load = |sandbox: &Sandbox| sandbox.load(digest, &|| Ok(Arc::from(component)), grants);
    match (load(&provers.cranelift), load(&provers.pulley)) {
        (Ok(cranelift), Ok(pulley)) => {
            Prover { cranelift, pulley, deadline: now() + DEADLINE_ALL, checks: Vec::new() }
                .prove(cases)
        }
        (Err(error), _) | (_, Err(error)) => {
            let check = Check {
                name: "compiles".to_owned(),
                verdict: Verdict::Failed,
                detail: error.to_string(),
            };
            Report { checks: vec![check], baseline: None, compared: None }
        }
    }
}

struct Prover {
    cranelift: Plugin,
    pulley: Plugin,
    deadline: Instant,
    checks: Vec<Check>,
}

type Outcome = Result<Effect, Failure>;

/// What is made of a case's rows, and how they are spread.
#[derive(Debug, Clone, Copy)]
struct Trial {
    flavour: Flavour,
    split: Split,
    grouping: Grouping,
}

/// Three parts, as the runner would have it with three chunks.
const PARTS: Trial =
    Trial { flavour: Flavour::AsGiven, split: Split::Three, grouping: Grouping::Parts };

/// All rows at once.
const ONE: Trial =
    Trial { flavour: Flavour::AsGiven, split: Split::One, grouping: Grouping::Whole };

impl Prover {
    fn prove(mut self, cases: &[Case]) -> Report {
        let role = self.cranelift.world().role;
        self.parameters();
        let fallback = [without_cases(role)];
        let succeed =
            |case: &&Case| case.expect.as_ref().is_none_or(|expect| expect.error.is_none());
        let given: Vec<&Case> = cases.iter().filter(succeed).take(CASES_MAX).collect();
        let cases: Vec<&Case> = if given.is_empty() { fallback.iter().collect() } else { given };
        let mut baseline = None;
        let mut refusal = None;
        for case in cases {
            match self.run(&self.cranelift, case, PARTS) {
                Ok(effect) => {
                    self.determinism(case, &effect);
                    if baseline.is_none() {
                        let one = self.run(&self.cranelift, case, ONE);
                        baseline = Some(weigh(one.as_ref().unwrap_or(&effect), role));
                        self.laws(case, &effect, one);
                    }
                }
                Err(failure) => refusal = Some(failure),
            }
        }
        if let (None, Some(refusal)) = (&baseline, refusal) {
            let (verdict, remedy) = match is_refusal(&refusal) {
                true => (Verdict::Skipped, "give one with parameters and rows that it accepts"),
                false => (Verdict::Failed, "return an `error` instead"),
            };
            let detail = format!("no case could be run to its end ({refusal}): {remedy}");
            self.note_all(&["repeatable", "backends"], verdict, &detail);
            self.note_all(&LAWS, verdict, &detail);
        }
        Report { checks: self.checks, baseline, compared: None }
    }

    /// Parameters that are wrong are refused with an error, never with a trap.
    fn parameters(&mut self) {
        let mut case = without_cases(self.cranelift.world().role);
        for params in
            [json!([]), json!(null), json!("\u{0}"), json!({"no_such_parameter": [1e308]})]
        {
            case.params = params;
            if let Err(failure) = self.run(&self.cranelift, &case, ONE)
                && !is_refusal(&failure)
            {
                let detail = format!(
                    "with the parameters {} it ended with `{failure}`: return `invalid-params` \
                     instead",
                    case.params
                );
                return self.note("parameters", Verdict::Failed, detail);
            }
        }
        self.note("parameters", Verdict::Passed, "");
    }

    /// The same again, and the same on the other backend: bytes and fuel.
    fn determinism(&mut self, case: &Case, effect: &Effect) {
        let again = self.run(&self.cranelift, case, PARTS);
        self.judge("repeatable", "a second time", again, |again| exact(effect, again));
        let there = self.run(&self.pulley, case, PARTS);
        self.judge("backends", "on Pulley", there, |there| exact(effect, there));
        for (name, flavour) in [("nulls", Flavour::Nulls), ("extremes", Flavour::Extremes)] {
            let trial = Trial { flavour, ..PARTS };
            match self.run(&self.cranelift, case, trial) {
                Ok(here) => {
                    let there = self.run(&self.pulley, case, trial);
                    self.judge(name, "on Pulley", there, |there| exact(&here, there));
                }
                // A plugin may have its reasons, as long as it gives them.
                Err(failure) if is_refusal(&failure) => self.note(name, Verdict::Passed, ""),
                Err(failure) => {
                    let detail = format!(
                        "rows with {name} end it with `{failure}`: return `invalid-input` instead"
                    );
                    self.note(name, Verdict::Failed, detail);
                }
            }
        }
    }

    /// `parts` and `one` are what came of the case in three parts and of its rows all at once.
    fn laws(&mut self, case: &Case, parts: &Effect, one: Outcome) {
        let role = self.cranelift.world().role;
        if role == Role::Trigger {
            return self.note_all(&LAWS, Verdict::Skipped, "a trigger sees no rows");
        }
        let run = |this: &Self, split, grouping| {
            this.run(&this.cranelift, case, Trial { split, grouping, ..PARTS })
        };
        let whole = match run(self, Split::Three, Grouping::Whole) {
            Ok(whole) => whole,
            Err(failure) => {
                let detail = format!("in one instance it ended with `{failure}`");
                return self.note("merged", Verdict::Failed, detail);
            }
        };
        let is_fold = matches!(role, Role::Evaluator | Role::Drift) || !whole.states.is_empty();
        if parts.mergeable {
            let restored = run(self, Split::Three, Grouping::Restored);
            let how = "saved and merged into a fresh instance";
            self.judge("restored", how, restored, |restored| difference(&whole, restored, 0.0));
            let close = |parts: &Effect| difference(&whole, parts, MERGE_TOLERANCE);
            self.judge("merged", "merged from parts", Ok(parts.clone()), close);
        } else {
            let detail = match is_fold {
                true => "`describe` says that its folds cannot be merged",
                false => "it learns nothing",
            };
            self.note_all(&["restored", "merged"], Verdict::Skipped, detail);
        }
        let tolerance = if is_fold { MERGE_TOLERANCE } else { 0.0 };
        let how = "on the same rows in one batch";
        self.judge("batches", how, one, |one| difference(&whole, one, tolerance));
        let with_empty = run(self, Split::ThreeAndEmpty, Grouping::Whole);
        let how = "with batches of no rows in between";
        self.judge("empty", how, with_empty, |found| difference(&whole, found, 0.0));
        if let Err(failure) = run(self, Split::Empty, Grouping::Whole)
            && !is_refusal(&failure)
        {
            let detail = format!("without any rows it ended with `{failure}`");
            self.note("empty", Verdict::Failed, detail);
        }
    }

    fn run(&self, plugin: &Plugin, case: &Case, trial: Trial) -> Outcome {
        let rows = input(case, plugin.world().role, trial.flavour, trial.split);
        let rows = rows.map_err(|error| Failure::Error {
            kind: "case".to_owned(),
            message: error.to_string(),
        })?;
        let deadline = Some(self.deadline.min(now() + DEADLINE));
        let context = UnitContext { limits: Limits::default(), deadline, ..UnitContext::default() };
        exercise(plugin, &context, case, &rows, trial.grouping)
    }

    /// Passed if it came to an end, and `fault` finds nothing.
    fn judge(
        &mut self,
        name: &str,
        how: &str,
        found: Outcome,
        fault: impl FnOnce(&Effect) -> Option<String>,
    ) {
        let fault = match &found {
            Err(failure) => Some(format!("it ended with `{failure}`")),
            Ok(found) => fault(found),
        };
        match fault {
            Some(fault) => self.note(name, Verdict::Failed, format!("{how} {fault}")),
            None => self.note(name, Verdict::Passed, ""),
        }
    }

    fn note_all(&mut self, names: &[&str], verdict: Verdict, detail: &str) {
        names.iter().for_each(|name| self.note(name, verdict, detail));
    }

    /// One line a check: a failure on any case is the check's.
    fn note(&mut self, name: &str, verdict: Verdict, detail: impl Into<String>) {
        let check = Check { name: name.to_owned(), verdict, detail: detail.into() };
        match self.checks.iter_mut().find(|check| check.name == name) {
            Some(known) if verdict == Verdict::Failed && known.verdict != Verdict::Failed => {
                *known = check;
            }
            Some(_) => {}
            None => self.checks.push(check),
        }
    }
}

/// Equal to the bit, states and fuel included.
fn exact(expected: &Effect, found: &Effect) -> Option<String> {
    difference(expected, found, 0.0).or_else(|| {
        if expected.states != found.states {
            return Some("its states are other bytes".to_owned());
        }
        let (used, before) = (found.fuel, expected.fuel);
        (used != before).then(|| format!("it used {used} fuel, not {before}"))
    })
}

fn difference(expected: &Effect, found: &Effect, tolerance: f64) -> Option<String> {
    let value = |effect: &Effect| -> Value {
        json!({"description": effect.description, "output": effect.output})
    };
    first_difference(&value(expected), &value(found), tolerance)
}

/// Whether a component said itself that it will not, in the words of its contract.
fn is_refusal(failure: &Failure) -> bool {
    matches!(failure, Failure::Error { kind, .. } if kind != "contract")
}

fn weigh(effect: &Effect, role: Role) -> Baseline {
    let Effect { fuel, memory_bytes_peak, .. } = *effect;
    let rows = if role == Role::Trigger { 1 } else { N_ROWS as u64 };
    Baseline { rows, fuel, memory_bytes_peak }
}

#[expect(clippy::disallowed_methods, reason = "for deadlines; they abort, never decide")]
fn now() -> Instant {
    Instant::now()
}
