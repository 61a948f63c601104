//! The laws of the contract that no type can state, each shown by running the component.

use std::sync::Arc;
use std::time::Duration;

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

/// How far a merged fold may be from one in a single pass: sums in another order round otherwise.
const MERGE_TOLERANCE: f64 = 1e-6;

/// Cases that are looked at; more would only take longer.
const CASES_MAX: usize = 4;

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
            Prover { cranelift, pulley, checks: Vec::new() }.prove(cases)
        }
        (Err(error), _) | (_, Err(error)) => {
            let check = Check {
                name: "compiles".to_owned(),
                verdict: Verdict::Failed,
                detail: error.to_string(),
            };
            Report { checks: vec![check], baseline: None }
        }
    }
}

struct Prover {
    cranelift: Plugin,
    pulley: Plugin,
    checks: Vec<Check>,
}

type Outcome = Result<Effect, Failure>;

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
            match self.run(&self.cranelift, case, Flavour::AsGiven, Split::Three, Grouping::Parts) {
                Ok(effect) if baseline.is_none() => {
                    baseline = Some(self.baseline(case, role).unwrap_or_else(|| weigh(&effect)));
                    self.determinism(case, &effect);
                    self.laws(case, &effect);
                }
                Ok(effect) => self.determinism(case, &effect),
                Err(failure) => refusal = Some(failure),
            }
        }
        if let (None, Some(refusal)) = (&baseline, refusal) {
            let (verdict, remedy) = match is_refusal(&refusal) {
                true => (Verdict::Skipped, "give one with parameters and rows that it accepts"),
                false => (Verdict::Failed, "return an `error` instead"),
            };
            let detail = format!("no case could be run to its end ({refusal}): {remedy}");
            for name in ["repeatable", "backends", "restored", "merged", "batches", "empty"] {
                self.note(name, verdict, detail.clone());
            }
        }
        Report { checks: self.checks, baseline }
    }

    /// Parameters that are wrong are refused with an error, never with a trap.
    fn parameters(&mut self) {
        let mut case = without_cases(self.cranelift.world().role);
        for params in
            [json!([]), json!(null), json!("\u{0}"), json!({"no_such_parameter": [1e308]})]
        {
            case.params = params;
            let input = (Flavour::AsGiven, Split::One);
            let outcome = self.run(&self.cranelift, &case, input.0, input.1, Grouping::Whole);
            if let Err(failure) = outcome
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
        self.note("parameters", Verdict::Passed, String::new());
    }

    /// The same again, and the same on the other backend: bytes and fuel.
    fn determinism(&mut self, case: &Case, effect: &Effect) {
        let given = (Flavour::AsGiven, Split::Three, Grouping::Parts);
        let again = self.run(&self.cranelift, case, given.0, given.1, given.2);
        self.compare("repeatable", "a second time", effect, again);
        let there = self.run(&self.pulley, case, given.0, given.1, given.2);
        self.compare("backends", "on Pulley", effect, there);
        for (name, flavour) in [("nulls", Flavour::Nulls), ("extremes", Flavour::Extremes)] {
            let here = self.run(&self.cranelift, case, flavour, Split::Three, Grouping::Parts);
            match here {
                Ok(effect) => {
                    let there = self.run(&self.pulley, case, flavour, given.1, given.2);
                    self.compare(name, "on Pulley", &effect, there);
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

    fn laws(&mut self, case: &Case, parts: &Effect) {
        let run = |this: &Self, split, grouping| {
            this.run(&this.cranelift, case, Flavour::AsGiven, split, grouping)
        };
        let role = self.cranelift.world().role;
        if role == Role::Trigger {
            for name in ["restored", "merged", "batches", "empty"] {
                self.note(name, Verdict::Skipped, "a trigger sees no rows");
            }
            return;
        }
        let whole = match run(self, Split::Three, Grouping::Whole) {
            Ok(whole) => whole,
            Err(failure) => {
                let detail = format!("in one instance it ended with `{failure}`");
                return self.note("merged", Verdict::Failed, detail);
            }
        };
        if parts.mergeable {
            let restored = run(self, Split::Three, Grouping::Restored);
            self.alike("restored", "saved and merged into a fresh instance", &whole, restored, 0.0);
            let parts = Ok(parts.clone());
            self.alike("merged", "merged from parts", &whole, parts, MERGE_TOLERANCE);
        } else {
            let detail = match whole.states.as_slice() {
                [] if role != Role::Evaluator && role != Role::Drift => "it learns nothing",
                _ => "`describe` says that its folds cannot be merged",
            };
            self.note("restored", Verdict::Skipped, detail);
            self.note("merged", Verdict::Skipped, detail);
        }
        let exact = whole.states.is_empty() && role != Role::Evaluator && role != Role::Drift;
        let tolerance = if exact { 0.0 } else { MERGE_TOLERANCE };
        let one = run(self, Split::One, Grouping::Whole);
        self.alike("batches", "on the same rows in one batch", &whole, one, tolerance);
        let with_empty = run(self, Split::ThreeAndEmpty, Grouping::Whole);
        self.alike("empty", "with batches of no rows in between", &whole, with_empty, 0.0);
        if let Err(failure) = run(self, Split::Empty, Grouping::Whole)
            && !is_refusal(&failure)
        {
            let detail = format!("without any rows it ended with `{failure}`");
            self.note("empty", Verdict::Failed, detail);
        }
    }

    fn baseline(&self, case: &Case, role: Role) -> Option<Baseline> {
        let sandbox = (Flavour::AsGiven, Split::One, Grouping::Whole);
        let effect = self.run(&self.cranelift, case, sandbox.0, sandbox.1, sandbox.2).ok()?;
        let mut baseline = weigh(&effect);
        if role == Role::Trigger {
            baseline.rows = 1;
        }
        Some(baseline)
    }

    fn run(
        &self,
        plugin: &Plugin,
        case: &Case,
        flavour: Flavour,
        split: Split,
        grouping: Grouping,
    ) -> Outcome {
        let role = plugin.world().role;
        let rows = input(case, role, flavour, split).map_err(|error| Failure::Error {
            kind: "case".to_owned(),
            message: error.to_string(),
        })?;
        #[expect(clippy::disallowed_methods, reason = "a deadline; it aborts, never decides")]
        let deadline = Some(std::time::Instant::now() + DEADLINE);
        let context = UnitContext { limits: Limits::default(), deadline, ..UnitContext::default() };
        // A fold that cannot be merged runs whole, as the runner runs it.
        let whole = |failure: &Failure| grouping == Grouping::Parts && is_refusal(failure);
        match exercise(plugin, &context, case, &rows, grouping) {
            Err(failure) if whole(&failure) => {
                let effect = exercise(plugin, &context, case, &rows, Grouping::Whole)?;
                if effect.mergeable { Err(failure) } else { Ok(effect) }
            }
            outcome => outcome,
        }
    }

    /// Equal to the bit, fuel included.
    fn compare(&mut self, name: &str, how: &str, expected: &Effect, found: Outcome) {
        let (verdict, detail) = match found {
            Err(failure) => (Verdict::Failed, format!("{how} it ended with `{failure}`")),
            Ok(found) => match difference(expected, &found, 0.0) {
                Some(detail) => (Verdict::Failed, format!("{how} {detail}")),
                None if expected.states != found.states => {
                    (Verdict::Failed, format!("{how} its states are other bytes"))
                }
                None if expected.fuel != found.fuel => {
                    let (here, there) = (expected.fuel, found.fuel);
                    (Verdict::Failed, format!("{how} it used {there} fuel, not {here}"))
                }
                None => (Verdict::Passed, String::new()),
            },
        };
        self.note(name, verdict, detail);
    }

    fn alike(&mut self, name: &str, how: &str, expected: &Effect, found: Outcome, tolerance: f64) {
        let (verdict, detail) = match found {
            Err(failure) => (Verdict::Failed, format!("{how} it ended with `{failure}`")),
            Ok(found) => match difference(expected, &found, tolerance) {
                Some(detail) => (Verdict::Failed, format!("{how} {detail}")),
                None => (Verdict::Passed, String::new()),
            },
        };
        self.note(name, verdict, detail);
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

fn weigh(effect: &Effect) -> Baseline {
    let Effect { fuel, memory_bytes_peak, .. } = *effect;
    Baseline { rows: N_ROWS as u64, fuel, memory_bytes_peak }
}
