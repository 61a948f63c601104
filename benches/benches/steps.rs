//! What a step costs that does nothing: planning, keys, events, durability.
//!
//! `cargo xtask bench steps`. A pipeline of 1,000 steps that each select the columns of the one before,
//! on a store on disk: cold (every step runs), and again (every step is known). Beside it the physical
//! limit of 1,000 durable steps one after another: 1,000 `sync_data` of a small write.
//!
//! # What was learnt
//! - Steps that end within 20 ms of each other share a publication, so a chain of quick steps waits for
//!   the disk a few dozen times, not a thousand; a slow step still becomes durable at once.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures")]
#![expect(clippy::print_stdout, reason = "a benchmark tells")]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use refrain_runner::{Control, PipelineSpec, Runner, RunnerOptions, StoreCatalog, plan};
use refrain_store::{DynStore, SledStore};

const STEPS: usize = 1_000;

fn pipeline() -> String {
    let mut text =
        "pipeline: chain\ninputs:\n  rows: {dataset: rows, path: rows.csv}\nsteps:\n".to_owned();
    for step in 0..STEPS {
        let input = if step == 0 { "rows".to_owned() } else { format!("s{:04}", step - 1) };
        // Two columns take turns, so that no step has the key of another.
        let columns = if step % 2 == 0 { "[b, a]" } else { "[a, b]" };
        text += &format!("  s{step:04}: {{select: {{input: {input}, columns: {columns}}}}}\n");
    }
    text
}

/// Plans and runs the chain; answers how long each took.
fn run(folder: &Path) -> (Duration, Duration) {
    let store: Arc<DynStore> = Arc::new(SledStore::open(&folder.join("store")).expect("a store"));
    let runner = Runner::new(store, RunnerOptions::default()).expect("a runner");
    std::fs::write(folder.join("rows.csv"), "a,b\n1,2\n3,4\n").expect("a file");
    let spec = PipelineSpec::parse(&pipeline()).expect("a pipeline");
    let inputs = runner.import_inputs(&spec, folder, &mut |_, _| {}).expect("imports");
    let began = Instant::now();
    let catalog = StoreCatalog::resolve(&runner, &spec, &inputs).expect("resolves");
    let plan = plan(&spec, &catalog).expect("plans");
    let planned = began.elapsed();
    let began = Instant::now();
    let (id, _) = runner.submit(&plan).expect("submits");
    let run = runner.drive(&id, &Control::default(), &|_| {}).expect("drives");
    assert_eq!(run.finished.len(), STEPS, "{:?}", run.message);
    (planned, began.elapsed())
}

fn syncs(folder: &Path) -> Duration {
    let mut file = File::create(folder.join("raw")).expect("a file");
    let began = Instant::now();
    for _ in 0..STEPS {
        file.write_all(&[7; 300]).expect("writes");
        file.sync_data().expect("syncs");
    }
    began.elapsed()
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("steps");
    group.sample_size(10);
    let folder = tempfile::tempdir().expect("a folder");
    run(folder.path());
    group.bench_function("1,000 known steps", |b| b.iter(|| run(folder.path())));
    group.finish();
}

fn table() {
    let folder = tempfile::tempdir().expect("a folder");
    let (planned, cold) = run(folder.path());
    let (_, again) = run(folder.path());
    let limit = syncs(folder.path());
    let per_step = |time: Duration| time.as_secs_f64() * 1e6 / STEPS as f64;
    println!("\n{:44}{:>12}", "1,000 trivial steps, one after another", "µs a step");
    println!("{:44}{:>12.1}", "plan", per_step(planned));
    println!("{:44}{:>12.1}", "run, durable", per_step(cold));
    println!("{:44}{:>12.1}", "run again, every step known", per_step(again));
    println!("{:44}{:>12.1}", "limit: 1,000 small writes, each synced", per_step(limit));
    println!(
        "ratio of the durable run to that limit: {:.2}",
        cold.as_secs_f64() / limit.as_secs_f64()
    );
}

criterion_group!(benches, bench);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    table();
}
