//! What the sandbox costs.
//!
//! `cargo xtask bench sandbox`, or `cargo bench --bench sandbox` with the plugins built. The table
//! at the end compares `standardize` on 8 columns of 8,192 `float64` in the sandbox with the same
//! code compiled into this binary, all in turn within one run, since a shared machine is never as
//! fast twice.
//!
//! # What was learnt
//! On an AMD EPYC with two shared cores; times at best.
//!
//! | what | on demand | pooling |
//! | --- | --- | --- |
//! | instantiate and drop | 16 µs (13 to make, 4 to unmap) | 7 µs |
//! | fresh instance, `apply-start`, one row | 45 µs | 29 µs |
//! | warm call, one row | 1.2 µs | |
//!
//! | 8 × 8,192 | time | against native |
//! | --- | --- | --- |
//! | native, clone and apply | 55 µs | 1 |
//! | plain: no fuel, no epochs, any NaN | 72 µs | 1.3 |
//! | with fuel alone, with epochs alone, with both | 109 µs | 2.0 |
//! | with one NaN | 69 µs | 1.25 |
//! | **strict** | 110 µs | 2.0 |
//! | strict, guests built with `-C llvm-args=-force-vector-interleave=4` | 70 µs | 1.28 |
//! | strict, Pulley | 3.9 ms | 71 |
//!
//! - **The host's part is one more copy.** Columns go in by reference and are copied into the guest
//!   in bulk; what comes out is lifted straight into the vectors that are kept. The 17 µs between
//!   native and plain are what copying 0.5 MB takes; checking such a batch is a few comparisons.
//! - **Fuel and epochs cost the same, and the second is free.** Each check has a call on its cold
//!   path, over which no vector register survives, so the constants of the loop (mean, deviation,
//!   the NaN) are stored and loaded again *in every iteration*. Seen with `objdump`. It is a price
//!   per iteration, not per element, so the remedy is in the guest: four vectors an iteration.
//!   rustc makes those of plain loops when LLVM is told to interleave; unrolling by hand made the
//!   loop scalar, and slower (115 µs).
//! - **One NaN is free here**, since nothing waits for the result. In a serial sum it costs 2.8×.
//! - **On demand is what production uses.** Pooling saves 9 µs of an instance whose work takes
//!   hundreds, and costs: 4 GiB of address space a slot, a number of instances after which the
//!   next one *fails*, 256 KiB of memory kept resident in each slot, and one more limit (the
//!   slot's) beside those of the plan.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use refrain_domain::{Backend, Batch, Column, Digest, Field, Kind, Schema, Values};
use refrain_sandbox::{Plugin, Sandbox, SandboxOptions, TransformInstance, Tuning, UnitContext};
use refrain_sdk::transform::Instance as Native;
use standardize::Standardize;

const COLUMNS: usize = 8;
const ROWS: usize = 8_192;

fn plugin(backend: Backend, tuning: Tuning) -> Plugin {
    let options = SandboxOptions { backend, ..SandboxOptions::default() };
    let sandbox = Sandbox::for_bench(options, tuning).expect("a sandbox");
    let component = refrain_testkit::plugin("standardize");
    let bytes = || Ok(Arc::from(component.as_slice()));
    sandbox.load(Digest::of(&component), &bytes, &[]).expect("a plugin")
}

/// Columns, their schema, the parameters that name them all.
struct Work {
    schema: Schema,
    batch: Batch,
    params: String,
    state: Vec<u8>,
}

impl Work {
    fn new(n_columns: usize, rows: usize) -> Self {
        let name = |i: usize| format!("c{i}");
        let field = |i| Field { name: name(i), kind: Kind::Float64, nullable: false, width: 0 };
        let number = |i: usize| (i as f64 * 0.618).sin() * 1e3 + 7.0;
        let column = |c: usize| {
            let values = (0..rows).map(|row| number(c * rows + row)).collect();
            Arc::new(Column::new(Values::Float64(values)))
        };
        let names: Vec<String> = (0..n_columns).map(|i| format!("{:?}", name(i))).collect();
        let mut work = Self {
            schema: Schema { fields: (0..n_columns).map(field).collect() },
            batch: Batch { rows, columns: (0..n_columns).map(column).collect() },
            params: format!(r#"{{"columns":[{}]}}"#, names.join(",")),
            state: Vec::new(),
        };
        let mut fit = Native::<Standardize>::default();
        let input = work.native_schema();
        fit.fit_start(&work.params, &input, 0).expect("a fit");
        fit.fit_update(work.native_batch()).expect("a fit");
        work.state = fit.fit_finish().expect("a fit");
        work
    }

    fn started(&self, plugin: &Plugin) -> TransformInstance {
        let mut instance = plugin.transform(&UnitContext::default()).expect("an instance");
        instance.apply_start(&self.params, &self.schema, &self.state).expect("a start");
        instance
    }

    fn apply(&self, instance: &mut TransformInstance) -> Batch {
        instance.apply(&self.batch, &self.schema).expect("columns")
    }

    fn native(&self) -> Native<Standardize> {
        let mut native = Native::default();
        native.apply_start(&self.params, &self.native_schema(), &self.state).expect("a start");
        native
    }

    fn native_schema(&self) -> refrain_sdk::Schema {
        let field = |field: &Field| {
            refrain_sdk::Field::new(&field.name, refrain_sdk::Kind::Float64, field.nullable)
        };
        refrain_sdk::Schema::new(self.schema.fields.iter().map(field).collect())
    }

    /// A copy, as a component gets: the columns are shared, so nobody may write to them.
    fn native_batch(&self) -> refrain_sdk::Batch {
        let column = |column: &Arc<Column>| match &column.values {
            Values::Float64(values) => refrain_sdk::Column::float64(values.clone()),
            _ => unreachable!("all columns are float64"),
        };
        refrain_sdk::Batch::new(self.batch.rows, self.batch.columns.iter().map(column).collect())
    }
}

const PLAIN: Tuning =
    Tuning { nan_canonicalization: false, fuel: false, epochs: false, pooling: false };

fn instances(c: &mut Criterion) {
    let (tiny, context) = (Work::new(1, 1), UnitContext::default());
    let pooling = Tuning { pooling: true, ..Tuning::STRICT };
    for (name, tuning) in [("on demand", Tuning::STRICT), ("pooling", pooling)] {
        let plugin = plugin(Backend::Cranelift, tuning);
        c.bench_function(&format!("instantiate and drop, {name}"), |b| {
            b.iter(|| plugin.transform(&context).expect("an instance"));
        });
        c.bench_function(&format!("fresh instance, start, one row, {name}"), |b| {
            b.iter(|| tiny.apply(&mut tiny.started(&plugin)));
        });
    }
    let plugin = plugin(Backend::Cranelift, Tuning::STRICT);
    let mut instance = tiny.started(&plugin);
    c.bench_function("warm call, one row", |b| b.iter(|| tiny.apply(&mut instance)));
}

/// One way to compute, to be timed in turn with the others.
struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    times: Vec<Duration>,
}

fn ratios() {
    let work = Work::new(COLUMNS, ROWS);
    let mut native = work.native();
    let mut contenders = vec![Contender {
        name: "native, clone and apply",
        run: Box::new(|| drop(black_box(native.apply(work.native_batch()).expect("columns")))),
        times: Vec::new(),
    }];
    let fuel = Tuning { fuel: true, ..PLAIN };
    let epochs = Tuning { epochs: true, ..PLAIN };
    let nan = Tuning { nan_canonicalization: true, ..PLAIN };
    let variants = [
        ("plain: no fuel, no epochs, any NaN", Backend::Cranelift, PLAIN),
        ("  with fuel", Backend::Cranelift, fuel),
        ("  with epochs", Backend::Cranelift, epochs),
        ("  with one NaN", Backend::Cranelift, nan),
        ("strict: the profile", Backend::Cranelift, Tuning::STRICT),
        ("strict, Pulley", Backend::Pulley, Tuning::STRICT),
    ];
    for (name, backend, tuning) in variants {
        let mut instance = work.started(&plugin(backend, tuning));
        let work = &work;
        let run = Box::new(move || drop(black_box(work.apply(&mut instance))));
        contenders.push(Contender { name, run, times: Vec::new() });
    }
    measure(&mut contenders, 300);
    let best = |contender: &Contender<'_>| {
        contender.times.iter().min().copied().unwrap_or_default().as_secs_f64() * 1e6
    };
    let native = best(&contenders[0]);
    #[expect(clippy::print_stdout, reason = "a benchmark talks to a person")]
    for contender in &mut contenders {
        contender.times.sort();
        let median = contender.times[contender.times.len() / 2].as_secs_f64() * 1e6;
        let best = best(contender);
        let name = contender.name;
        println!("{name:36} {best:8.0} us at best, {median:8.0} us median, {:6.2}x", best / native);
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn measure(contenders: &mut [Contender<'_>], rounds: usize) {
    for round in 0..rounds {
        for contender in &mut *contenders {
            // Pulley is 16 times slower, and needs no such precision.
            if contender.name.ends_with("Pulley") && round % 10 != 0 {
                continue;
            }
            let begin = Instant::now();
            (contender.run)();
            contender.times.push(begin.elapsed());
        }
    }
}

criterion_group!(benches, instances);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    ratios();
}
