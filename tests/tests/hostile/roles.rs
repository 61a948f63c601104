//! Every function of every role: one that traps, and one that answers where there is no memory.

use refrain_domain::{Batch, Role, Schema};
use refrain_sandbox::{Plugin, UnitContext};
use refrain_testkit::guest::Guest;

use crate::case::{Case, done, schema};
use crate::contain::contained;

type Call = fn(&Plugin, &UnitContext) -> Result<String, refrain_domain::Failure>;

fn rows() -> Batch {
    Batch::default()
}

fn none() -> Schema {
    Schema::default()
}

/// The functions of the contracts, and how the host calls each.
const CALLS: [(Role, &str, Call); 36] = [
    (Role::Transform, "describe", |p, c| done(p.transform(c)?.describe("{}", &schema()))),
    (Role::Transform, "fit-start", |p, c| done(p.transform(c)?.fit_start("{}", &schema(), 1))),
    (Role::Transform, "fit-update", |p, c| done(p.transform(c)?.fit_update(&rows()))),
    (Role::Transform, "fit-save", |p, c| done(p.transform(c)?.fit_save())),
    (Role::Transform, "fit-merge", |p, c| done(p.transform(c)?.fit_merge(b"state"))),
    (Role::Transform, "fit-finish", |p, c| done(p.transform(c)?.fit_finish())),
    (Role::Transform, "apply-start", |p, c| {
        done(p.transform(c)?.apply_start("{}", &schema(), b""))
    }),
    (Role::Transform, "apply", |p, c| done(p.transform(c)?.apply(&rows(), &none()))),
    (Role::Trainer, "describe", |p, c| done(p.trainer(c)?.describe("{}", &schema()))),
    (Role::Trainer, "pass-start", |p, c| done(p.trainer(c)?.pass_start("{}", &schema(), 1, b""))),
    (Role::Trainer, "pass-update", |p, c| done(p.trainer(c)?.pass_update(&rows()))),
    (Role::Trainer, "pass-save", |p, c| done(p.trainer(c)?.pass_save())),
    (Role::Trainer, "pass-merge", |p, c| done(p.trainer(c)?.pass_merge(b"state"))),
    (Role::Trainer, "pass-finish", |p, c| done(p.trainer(c)?.pass_finish())),
    (Role::Trainer, "finish", |p, c| done(p.trainer(c)?.finish("{}", &schema(), b""))),
    (Role::Trainer, "predict-start", |p, c| done(p.trainer(c)?.predict_start(&schema(), b""))),
    (Role::Trainer, "predict", |p, c| done(p.trainer(c)?.predict(&rows(), &none()))),
    (Role::Predictor, "describe", |p, c| done(p.predictor(c)?.describe("{}", &schema(), b"model"))),
    (Role::Predictor, "predict-start", |p, c| {
        done(p.predictor(c)?.predict_start("{}", &schema(), b""))
    }),
    (Role::Predictor, "predict", |p, c| done(p.predictor(c)?.predict(&rows(), &none()))),
    (Role::Evaluator, "describe", |p, c| done(p.evaluator(c)?.describe("{}", &schema()))),
    (Role::Evaluator, "start", |p, c| done(p.evaluator(c)?.start("{}", &schema()))),
    (Role::Evaluator, "update", |p, c| done(p.evaluator(c)?.update(&rows()))),
    (Role::Evaluator, "save", |p, c| done(p.evaluator(c)?.save())),
    (Role::Evaluator, "merge", |p, c| done(p.evaluator(c)?.merge(b"state"))),
    (Role::Evaluator, "finish", |p, c| done(p.evaluator(c)?.finish())),
    (Role::Drift, "describe", |p, c| done(p.drift(c)?.describe("{}", &schema()))),
    (Role::Drift, "start", |p, c| done(p.drift(c)?.start("{}", &schema()))),
    (Role::Drift, "update", |p, c| done(p.drift(c)?.update(true, &rows()))),
    (Role::Drift, "save", |p, c| done(p.drift(c)?.save())),
    (Role::Drift, "merge", |p, c| done(p.drift(c)?.merge(b"state"))),
    (Role::Drift, "finish", |p, c| done(p.drift(c)?.finish())),
    (Role::Trigger, "describe", |p, c| done(p.trigger(c)?.describe("{}"))),
    (Role::Trigger, "decide", |p, c| done(p.trigger(c)?.decide("{}", &[]))),
    (Role::Trigger, "describe twice", |p, c| {
        let mut instance = p.trigger(c)?;
        drop(instance.describe("{}"));
        done(instance.describe("{}"))
    }),
    (Role::Evaluator, "finish twice", |p, c| {
        let mut instance = p.evaluator(c)?;
        drop(instance.finish());
        done(instance.finish())
    }),
];

fn functions(body: &'static str) -> impl Iterator<Item = Case> {
    CALLS.into_iter().map(move |(role, function, call)| {
        let guest = Guest::of(role).body(function.trim_end_matches(" twice"), body);
        Case::guest(format!("{role} {function}"), guest).calling(call)
    })
}

/// What failed is not called again.
fn is_second(case: &Case) -> bool {
    case.name.ends_with("twice")
}

#[test]
fn trap_of_each_role() {
    contained(
        here!(trap_of_each_role),
        "trap in each function",
        functions("unreachable").map(|case| {
            if is_second(&case) {
                case.breaks("has failed before")
            } else {
                case.traps("unreachable")
            }
        }),
    );
}

#[test]
fn pointer_of_each_role() {
    contained(
        here!(pointer_of_each_role),
        "each answer out of bounds",
        functions("(i32.const -64)").map(|case| {
            if is_second(&case) {
                case.breaks("has failed before")
            } else {
                case.breaks("out of bounds")
            }
        }),
    );
}

/// A guest of one role called as another.
#[test]
fn another_role() {
    contained(
        here!(another_role),
        "called as another role",
        Role::ALL.map(|role| {
            let case = Case::guest(role.to_string(), Guest::of(role));
            let case = if role == Role::Drift {
                case.calling(|p, c| done(p.trigger(c)?.describe("{}")))
            } else {
                case.calling(|p, c| done(p.drift(c)?.finish()))
            };
            case.breaks("it implements")
        }),
    );
}
