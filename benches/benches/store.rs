//! What the store costs, beside what it cannot do without: BLAKE3, and the disk.
//!
//! `cargo xtask bench store`. Limits and store are measured in turn within one run, and the ratios
//! are printed at the end.
//!
//! | what | limit beside it |
//! | --- | --- |
//! | put: stage 64 blocks of 256 KiB, then publish once | BLAKE3 over the same bytes; appending the same bytes to one file and `sync_data` |
//! | get: read 64 blocks and verify each digest | BLAKE3; `read_exact_at` of the same bytes |
//! | publish: one event | `sync_data` of one small write |
//!
//! # What was learnt
//! - One `sync_data` a publication is the floor, and the store stands close to it: journal and artifacts
//!   share it, and the sled index is never waited for.
//! - Blocks of real columns compress: a sample is tried first, so noise costs one 4 KiB sample.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures")]
#![expect(clippy::print_stdout, reason = "a benchmark tells")]

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use refrain_store::{Artifacts, EventAppend, Publication, Publish, SledStore};

const BLOCKS: usize = 64;
const BLOCK_BYTES: usize = 256 << 10;

/// Bytes that do not compress, different for each round.
fn blocks(round: u64) -> Vec<Vec<u8>> {
    let mut reader = blake3::Hasher::new().update(&round.to_le_bytes()).finalize_xof();
    let mut block = || {
        let mut bytes = vec![0; BLOCK_BYTES];
        reader.fill(&mut bytes);
        bytes
    };
    (0..BLOCKS).map(|_| block()).collect()
}

fn hash(blocks: &[Vec<u8>]) {
    blocks.iter().for_each(|block| {
        black_box(blake3::hash(block));
    });
}

fn append_and_sync(file: &mut File, blocks: &[Vec<u8>]) {
    blocks.iter().for_each(|block| file.write_all(block).expect("the disk has room"));
    file.sync_data().expect("syncs");
}

fn put(store: &SledStore, blocks: &[Vec<u8>]) {
    blocks.iter().for_each(|block| {
        store.stage(block).expect("stages");
    });
    store.sync().expect("syncs");
}

fn event(store: &SledStore) {
    let event = EventAppend {
        stream: "bench".to_owned(),
        expected_len: None,
        events: vec![b"{\"event\":\"step-finished\"}".to_vec()],
    };
    store
        .publish(&Publication { events: vec![event], ..Publication::default() })
        .expect("publishes");
}

fn bench(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(&folder.path().join("store")).expect("a store");
    let mut raw = File::create(folder.path().join("raw")).expect("a file");
    let mut round = 0;
    let mut next = || {
        round += 1;
        blocks(round)
    };
    let mut group = c.benchmark_group("store");
    group.sample_size(20).throughput(Throughput::Bytes((BLOCKS * BLOCK_BYTES) as u64));
    let sample = next();
    group.bench_function("limit: blake3", |b| b.iter(|| hash(&sample)));
    group.bench_function("limit: append and sync", |b| {
        b.iter(|| append_and_sync(&mut raw, &sample));
    });
    group.bench_function("put", |b| {
        b.iter_batched(
            &mut next,
            |blocks| put(&store, &blocks),
            criterion::BatchSize::PerIteration,
        );
    });
    let digests: Vec<_> = sample.iter().map(|block| store.put(block).expect("puts")).collect();
    group.bench_function("get, verified", |b| {
        b.iter(|| digests.iter().for_each(|d| drop(black_box(store.get(d).expect("gets")))));
    });
    group.finish();
    c.bench_function("store/publish one event", |b| b.iter(|| event(&store)));
}

/// The best of several rounds, all in turn: a shared machine is never as fast twice.
fn ratios() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(&folder.path().join("store")).expect("a store");
    let mut raw = File::create(folder.path().join("raw")).expect("a file");
    let mut best = [Duration::MAX; 6];
    for round in 0..15 {
        let blocks = blocks(1_000_000 + round);
        let mut note = |at: usize, work: &mut dyn FnMut()| {
            let began = Instant::now();
            work();
            best[at] = best[at].min(began.elapsed());
        };
        note(0, &mut || hash(&blocks));
        note(1, &mut || append_and_sync(&mut raw, &blocks));
        note(2, &mut || put(&store, &blocks));
        let digests: Vec<_> = blocks.iter().map(|block| store.put(block).expect("puts")).collect();
        let mut buffer = vec![0; BLOCK_BYTES];
        let file = File::open(folder.path().join("raw")).expect("a file");
        note(3, &mut || {
            (0..BLOCKS).for_each(|block| {
                let at = (block * BLOCK_BYTES) as u64;
                file.read_exact_at(&mut buffer, at).expect("reads");
            });
        });
        note(4, &mut || {
            digests.iter().for_each(|digest| drop(black_box(store.get(digest).expect("gets"))));
        });
        note(5, &mut || event(&store));
    }
    let [hashed, appended, put, read, got, published] = best.map(|time| time.as_secs_f64());
    let rate = |seconds: f64| (BLOCKS * BLOCK_BYTES) as f64 / seconds / (1 << 20) as f64;
    println!("\n{:38}{:>10}   ratio", "16 MiB in blocks of 256 KiB, best", "MiB/s");
    println!("{:38}{:>10.0}", "blake3", rate(hashed));
    println!("{:38}{:>10.0}", "append and sync", rate(appended));
    println!("{:38}{:>10.0}   {:.2} of both", "put", rate(put), put / (hashed + appended));
    println!("{:38}{:>10.0}", "read", rate(read));
    println!(
        "{:38}{:>10.0}   {:.2} of blake3 and read",
        "get, verified",
        rate(got),
        got / (hashed + read)
    );
    println!("{:38}{:>10.0} µs", "publish one event", published * 1e6);
}

criterion_group!(benches, bench);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    ratios();
}
