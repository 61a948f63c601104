//! What importing costs, beside what cannot be done without: inflating, and parsing CSV into columns.
//!
//! `cargo xtask bench data`. The flights (336,776 rows of 19 columns, gzipped) are read by `arrow-csv`
//! alone, with the schema given and with its own inference, and imported by us: kinds inferred, columns
//! made canonical and hashed, statistics and quantiles folded. All in turn within one run; ratios at the end.
//!
//! # What was learnt
//! - Inflating runs on a thread of its own and takes about 55 ms; it is the floor of any import of this file.
//! - Every field was copied twice. `csv-core` splits in place now, and a field is copied once.
//! - Kinds are settled on the first 96 MiB, which for most files is all of them: exact, and one look at each field.
//! - Encoding and decoding blocks (5 to 50 GiB/s) is never the limit; BLAKE3 (6 GiB/s here) is nearer to it.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures")]
#![expect(clippy::print_stdout, reason = "a benchmark tells")]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_csv::ReaderBuilder;
use arrow_csv::reader::Format as CsvFormat;
use arrow_schema::{Schema, SchemaRef};
use criterion::{Criterion, criterion_group};
use flate2::bufread::MultiGzDecoder;
use refrain_data::{IngestOptions, MemoryBlocks, Provenance, Request, Source, ingest};
use refrain_domain::Digest;

fn flights() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/flights/data/flights.csv.gz")
}

fn inflated() -> impl Read {
    let file = File::open(flights()).expect("the flights");
    MultiGzDecoder::new(BufReader::with_capacity(1 << 17, file))
}

fn inflate() {
    std::io::copy(&mut inflated(), &mut std::io::sink()).expect("inflates");
}

fn arrow_schema() -> SchemaRef {
    let format = arrow_format();
    Arc::new(format.infer_schema(BufReader::new(inflated()), None).expect("a schema").0)
}

fn arrow_format() -> CsvFormat {
    let nulls = regex::Regex::new("^(NA|)$").expect("a pattern");
    CsvFormat::default().with_header(true).with_null_regex(nulls)
}

fn arrow(schema: &SchemaRef) {
    let reader = ReaderBuilder::new(schema.clone()).with_format(arrow_format());
    let reader = reader
        .with_batch_size(32_768)
        .build_buffered(BufReader::with_capacity(1 << 17, inflated()));
    for batch in reader.expect("a reader") {
        black_box(batch.expect("a batch"));
    }
}

fn source() -> Source {
    Source::new("flights.csv.gz", File::open(flights()).expect("the flights"))
}

fn rows() {
    let mut sink = |_: &refrain_domain::Schema, batch| {
        black_box(batch);
        Ok(())
    };
    ingest(source(), &IngestOptions::default(), &mut sink, &mut |_| {}).expect("ingests");
}

fn version() {
    let provenance = Provenance {
        source: Digest::of(b"flights"),
        file: "flights.csv.gz".to_owned(),
        importer: "bench".to_owned(),
        parameters: serde_json::Value::Null,
        rows: 0,
    };
    let options = IngestOptions::default();
    let request = Request {
        name: "flights",
        event_time: Some("time_hour"),
        options: &options,
        expectations: &[],
        provenance,
    };
    let blocks = MemoryBlocks::default();
    black_box(refrain_data::import(source(), &request, &blocks, &mut |_| {}).expect("imports"));
}

fn bench(c: &mut Criterion) {
    let schema = arrow_schema();
    let mut group = c.benchmark_group("flights.csv.gz");
    group.sample_size(10);
    group.bench_function("limit: inflate", |b| b.iter(inflate));
    group.bench_function("arrow-csv, schema given", |b| b.iter(|| arrow(&schema)));
    group.bench_function("arrow-csv, with inference", |b| b.iter(|| arrow(&arrow_schema())));
    group.bench_function("rows, kinds inferred", |b| b.iter(rows));
    group.bench_function("dataset version", |b| b.iter(version));
    group.finish();
}

fn table() {
    let schema: Arc<Schema> = arrow_schema();
    let mut best = [Duration::MAX; 5];
    for _ in 0..5 {
        let mut note = |at: usize, work: &dyn Fn()| {
            let began = Instant::now();
            work();
            best[at] = best[at].min(began.elapsed());
        };
        note(0, &inflate);
        note(1, &|| arrow(&schema));
        note(2, &|| arrow(&arrow_schema()));
        note(3, &rows);
        note(4, &version);
    }
    let names = [
        "inflate",
        "arrow-csv, schema given",
        "arrow-csv, with inference",
        "rows, kinds inferred",
        "dataset version, hashed, with statistics",
    ];
    println!("\n{:44}{:>8}{:>12}", "flights.csv.gz, 336,776 × 19, best of 5", "ms", "of arrow");
    for (name, time) in names.into_iter().zip(best) {
        let ratio = time.as_secs_f64() / best[1].as_secs_f64();
        println!("{name:44}{:>8.0}{ratio:>12.2}", time.as_secs_f64() * 1e3);
    }
}

criterion_group!(benches, bench);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    table();
}
