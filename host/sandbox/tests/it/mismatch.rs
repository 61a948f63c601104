//! A component of another type than its contract is told where the two part.

use refrain_domain::{Batch, Failure, Role, Schema};

use crate::guest::dummy;
use crate::{CRANELIFT, golden, load, small};

#[test]
fn the_first_difference_in_words() {
    let cases = [
        (Role::Transform, "nullable: bool", "nullable: u8"),
        (Role::Transform, "width: u32,\n", ""),
        (Role::Transform, "width: u32,\n", "width: u32, unit: string,\n"),
        (Role::Transform, "rows: u32,", "row-count: u32,"),
        (Role::Transform, "        int64,\n", "        int32,\n        int64,\n"),
        (Role::Transform, "        utf8,\n", ""),
        (Role::Transform, "float64(list<f64>)", "float64(list<f32>)"),
        (Role::Transform, "other(tuple<u32, string>)", "other(string)"),
        (Role::Transform, "failed(string)", "failed"),
        (Role::Transform, "seed: u64", "seed: s64"),
        (Role::Transform, "input: schema, seed: u64", "input: schema"),
        (
            Role::Transform,
            "params: string, input: schema, seed",
            "input: schema, params: string, seed",
        ),
        (Role::Transform, "fit-merge: func(saved: list<u8>)", "fit-merge: func(state: list<u8>)"),
        (
            Role::Transform,
            "fit-save: func() -> result<list<u8>, error>",
            "fit-save: func() -> list<u8>",
        ),
        (Role::Transform, "fit-save: func() -> result<list<u8>, error>", "fit-save: func()"),
        (
            Role::Transform,
            "fit-update: func(input: batch) -> result<_, error>",
            "fit-update: func(input: batch) -> result<u32, error>",
        ),
        (Role::Trainer, "done: bool", "done: option<bool>"),
        (Role::Evaluator, "value: option<f64>", "value: f64"),
        (Role::Drift, "        stable,\n", "        unchanged,\n"),
        (
            Role::Drift,
            "update: func(window: window, input: batch)",
            "update: func(input: batch, window: window)",
        ),
        (
            Role::Trigger,
            "        fire,\n        /// Do not retrain.\n        hold,\n",
            "        hold,\n        fire,\n",
        ),
        (Role::Predictor, "prediction: schema", "prediction: list<field>"),
    ];
    let mut text = String::new();
    for (role, from, to) in cases {
        let component = dummy(&[role], |wit| {
            let wit = wit.replace(from, to);
            // `field` is used by name in one case alone.
            if to.contains("list<field>") {
                wit.replace("{batch, error, schema}", "{batch, error, field, schema}")
            } else {
                wit
            }
        });
        let error = CRANELIFT.admit(&component, &[]).err();
        let error = error.unwrap_or_else(|| panic!("{from:?} to {to:?} goes unseen"));
        text.push_str(&format!("{} -> {}\n    {error}\n", words(from), words(to)));
    }
    golden("mismatches.txt", &text);
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_function_that_is_missing() {
    let component = dummy(&[Role::Drift], |wit| {
        wit.replace("merge: func(saved: list<u8>) -> result<_, error>;", "")
    });
    let error = CRANELIFT.admit(&component, &[]).unwrap_err();
    let expected = "the component does not export `merge` of `drift@0.1.0`: \
        rebuild it with the SDK for that version";
    assert_eq!(error.to_string(), expected);
}

/// A component that says yes to the contract takes every call: the types in Rust are those of
/// `wit/`, or the call would break the contract before it could trap.
#[test]
fn every_function_of_every_world_can_be_called() {
    #[track_caller]
    fn trapped<T: std::fmt::Debug>(answer: Result<T, Failure>) {
        assert!(matches!(answer, Err(Failure::Trap { .. })), "{answer:?}");
    }
    let (schema, batch, context) = (Schema::default(), Batch::default(), small());
    let plugin = |role| load(&dummy(&[role], |wit| wit));
    macro_rules! calls {
        ($role:ident, $method:ident: $($call:ident($($argument:expr),*)),* $(,)?) => {$(
            let mut instance = plugin(Role::$role).$method(&context).unwrap();
            trapped(instance.$call($($argument),*));
        )*};
    }
    calls!(Transform, transform: describe("", &schema), fit_start("", &schema, 0),
        fit_update(&batch), fit_save(), fit_merge(&[]), fit_finish(),
        apply_start("", &schema, &[]), apply(&batch, &schema));
    calls!(Trainer, trainer: describe("", &schema), pass_start("", &schema, 0, &[]),
        pass_update(&batch), pass_save(), pass_merge(&[]), pass_finish(),
        finish("", &schema, &[]), predict_start(&schema, &[]), predict(&batch, &schema));
    calls!(Predictor, predictor: describe("", &schema, &[]), predict_start("", &schema, &[]),
        predict(&batch, &schema));
    calls!(Evaluator, evaluator: describe("", &schema), start("", &schema), update(&batch), save(),
        merge(&[]), finish());
    calls!(Drift, drift: describe("", &schema), start("", &schema), update(true, &batch), save(),
        merge(&[]), finish());
    calls!(Trigger, trigger: describe(""), decide("", &[]));
}
