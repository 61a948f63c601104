//! Two versions of a world at once: the released one beside one that is made up here, to show that
//! a table entry and an adapter are all that it takes.

use std::sync::{Arc, LazyLock};

use refrain_domain::{
    Backend, Batch, Column, Digest, Failure, Field, Kind, OutputColumn, Role, Schema,
    TransformDescription, Values,
};
use refrain_testkit::guest::{Guest, contracts};
use wasmtime::component::{ComponentType, Lift};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::calls::{Calls, TransformCalls};
use crate::contract::{self, Contract, Contracts};
use crate::instance::{RawInstance, UnitContext};
use crate::settings::Tuning;
use crate::wire::{WireOutputColumn, indices, schema_ref};
use crate::{AdmissionError, Plugin, Sandbox, SandboxOptions};

/// What the made-up version changes: a function's name, a parameter, a field of a record.
fn next(wit: &str) -> String {
    let changes = [
        ("package refrain:transform@0.1.0", "package refrain:transform@0.2.0-test"),
        ("apply-start: func(", "map-start: func("),
        ("input: schema, seed: u64", "seed: u64, input: schema"),
        ("needs-fit: bool,", "fit: fit,"),
        ("        mergeable: bool,\n", ""),
        ("interface plugin {", "interface plugin { enum fit { none, whole, mergeable }"),
    ];
    changes.iter().fold(wit.to_owned(), |wit, (from, to)| wit.replace(from, to))
}

struct Next;

#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "made by guests, lifted here")]
enum Fit {
    #[component(name = "none")]
    None,
    #[component(name = "whole")]
    Whole,
    #[component(name = "mergeable")]
    Mergeable,
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct Description {
    reads: Vec<u32>,
    outputs: Vec<WireOutputColumn>,
    fit: Fit,
}

impl TransformCalls for Next {
    fn describe(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
    ) -> Result<TransformDescription, Failure> {
        let wire: Description = raw.call("describe", (params, schema_ref(input)))?;
        Ok(TransformDescription {
            reads: indices(wire.reads),
            outputs: wire.outputs.into_iter().map(OutputColumn::from).collect(),
            needs_fit: !matches!(wire.fit, Fit::None),
            mergeable: matches!(wire.fit, Fit::Mergeable),
        })
    }

    fn fit_start(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
        seed: u64,
    ) -> Result<(), Failure> {
        raw.call("fit-start", (params, seed, schema_ref(input)))
    }

    fn apply_start(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
        state: &[u8],
    ) -> Result<(), Failure> {
        raw.call("map-start", (params, schema_ref(input), state))
    }
}

static BOTH: LazyLock<Contracts> = LazyLock::new(|| {
    let types = include_str!("../../../wit/types/0.1.0/types.wit");
    let transform = include_str!("../../../wit/transform/0.1.0/transform.wit");
    let mut contracts = contract::released();
    contracts.push(Contract::read(types, &next(transform), Calls::Transform(&Next)));
    Contracts::new(contracts)
});

fn sandboxes() -> [Sandbox; 2] {
    [Backend::Cranelift, Backend::Pulley].map(|backend| {
        let options = SandboxOptions { backend, ..SandboxOptions::default() };
        Sandbox::with(options, Tuning::STRICT, &BOTH).unwrap()
    })
}

/// A guest whose state is the fit's seed, and whose map puts that for the first number of its only
/// column. `fit` is what follows the lists in the record that `describe` answers with.
fn guest(fit: &str, seed: &str) -> Guest {
    Guest::new()
        .body(
            "describe",
            format!(
                "(i32.store (i32.const 1028) (i32.const 2048))
                (i32.store (i32.const 1032) (i32.const 1))
                (i32.store (i32.const 1036) (i32.const 2064))
                (i32.store (i32.const 1040) (i32.const 1))
                {fit}
                (i32.const 1024)"
            ),
        )
        .body("fit-start", format!("(i64.store (i32.const 2048) {seed}) (i32.const 1024)"))
        .finish("(local.set $bytes (i32.const 2048)) (local.set $len (i32.const 8))")
        .body("apply-start", "(i32.store (i32.const 2112) (local.get 4)) (i32.const 1024)")
        // The state's first byte is the first value of the answer.
        .apply(
            "(i64.store (i32.load offset=4 (local.get $columns))
                (i64.load8_u (i32.load (i32.const 2112))))",
        )
}

fn old() -> Vec<u8> {
    guest(
        "(i32.store8 (i32.const 1044) (i32.const 1)) (i32.store8 (i32.const 1045) (i32.const 1))",
        "(local.get 4)",
    )
    .build()
}

/// The same guest, built with an SDK for the made-up version.
fn new() -> Vec<u8> {
    let module = guest("(i32.store8 (i32.const 1044) (i32.const 2))", "(local.get 2)")
        .module()
        .replace("plugin@0.1.0#apply-start", "plugin@0.1.0#map-start")
        .replace("(param i32 i32 i32 i32 i64)", "(param i32 i32 i64 i32 i32)")
        .replace("plugin@0.1.0#", "plugin@0.2.0-test#");
    let mut module = wat::parse_str(module).unwrap_or_else(|e| panic!("{e}"));
    let mut resolve = contracts(&[Role::Transform], |text| next(&text));
    let world =
        "package test:guest; world guest { include refrain:transform/transform@0.2.0-test; }";
    let package = resolve.push_source("world.wit", world).unwrap_or_else(|e| panic!("{e:#}"));
    let world = resolve.packages[package].worlds["guest"];
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(&module).unwrap().encode().unwrap()
}

fn load(sandbox: &Sandbox, component: &[u8]) -> Plugin {
    let bytes = || Ok(Arc::from(component));
    sandbox.load(Digest::of(component), &bytes, &[]).unwrap_or_else(|e| panic!("{e}"))
}

/// Describes, fits and applies.
fn run(plugin: &Plugin) -> (TransformDescription, Vec<u8>, Batch) {
    let field = Field { name: "n".to_owned(), kind: Kind::Int64, nullable: false, width: 0 };
    let schema = Schema { fields: vec![field] };
    let column = Column::new(Values::Int64(vec![1, -2, 3]));
    let batch = Batch { rows: 3, columns: vec![Arc::new(column)] };
    let fresh = || plugin.transform(&UnitContext::default()).unwrap();
    let description = fresh().describe("{}", &schema).unwrap();
    let mut fit = fresh();
    fit.fit_start("{}", &schema, 42).unwrap();
    fit.fit_update(&batch).unwrap();
    let state = fit.fit_finish().unwrap();
    let mut apply = fresh();
    apply.apply_start("{}", &schema, &state).unwrap();
    let made = apply.apply(&batch, &schema).unwrap();
    (description, state, made)
}

#[test]
fn two_versions_of_a_world_run_beside_each_other_with_equal_results() {
    let (old, new) = (old(), new());
    for sandbox in sandboxes() {
        let plugins = [load(&sandbox, &old), load(&sandbox, &new)];
        let worlds = plugins.each_ref().map(|plugin| plugin.world().to_string());
        assert_eq!(worlds, ["transform@0.1.0", "transform@0.2.0-test"]);
        let [by_old, by_new] = plugins.each_ref().map(run);
        assert_eq!(by_old, by_new);
        let (description, state, made) = by_old;
        assert_eq!(description.reads, [0]);
        assert!(description.needs_fit && description.mergeable);
        assert_eq!(state, 42_u64.to_le_bytes());
        assert_eq!(made.columns[0].values, Values::Int64(vec![42, -2, 3]));
    }
}

#[test]
fn what_an_adapter_answers_is_checked_as_any_answer() {
    let component = new();
    for sandbox in sandboxes() {
        let mut instance = load(&sandbox, &component).transform(&UnitContext::default()).unwrap();
        let failure = instance.describe("{}", &Schema::default()).unwrap_err();
        assert!(failure.to_string().contains("kept column 0 of an input of 0"), "{failure}");
    }
}

#[test]
fn a_host_without_the_adapter_says_what_it_speaks() {
    let released = Sandbox::new(SandboxOptions::default()).unwrap();
    let [both, _] = sandboxes();
    let of = |version: &str| {
        refrain_testkit::guest::dummy(&[Role::Transform], |wit| {
            wit.replace("refrain:transform@0.1.0", &format!("refrain:transform@{version}"))
        })
    };
    let words = |sandbox: &Sandbox, component: &[u8]| {
        sandbox.check(component, &[]).unwrap_err().to_string()
    };
    assert_eq!(
        words(&released, &new()),
        "the component implements `transform@0.2.0-test`, but this host speaks `transform@0.1.0`: \
        update the host, or rebuild with SDK 0.1"
    );
    let speaks = "but this host speaks `transform@0.1.0` and `transform@0.2.0-test`";
    assert_eq!(
        words(&both, &of("0.3.0")),
        format!(
            "the component implements `transform@0.3.0`, {speaks}: \
        update the host, or rebuild with SDK 0.2"
        )
    );
    // Too old, and never released: in both cases another build is all that helps.
    for version in ["0.0.9", "0.1.5"] {
        assert_eq!(
            words(&both, &of(version)),
            format!(
                "the component implements `transform@{version}`, {speaks}: rebuild with SDK 0.2"
            )
        );
    }
}

#[test]
fn a_component_is_compared_with_the_contract_of_its_own_version() {
    // It says that it is of the newer version, and has the functions of the older.
    let component = refrain_testkit::guest::dummy(&[Role::Transform], |wit| {
        wit.replace("refrain:transform@0.1.0", "refrain:transform@0.2.0-test")
    });
    let error = sandboxes()[0].admit(&component, &[]).unwrap_err();
    let is_named = |error: &AdmissionError| {
        error.to_string().starts_with("`describe` of `transform@0.2.0-test` has another type")
    };
    assert!(is_named(&error), "{error}");
}
