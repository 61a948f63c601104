//! A process is killed at any moment, again and again. What it acknowledged is there, and what it
//! had not finished is there whole or not at all.
//!
//! The child is this very binary. All that it does follows from numbers, so whoever looks at the
//! store afterwards can work out what must be in it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refrain_domain::Digest;
use refrain_store::{
    Artifacts, Events, GcOptions, Publication, Publish, RefChange, Refs, SledStore, StoreError,
};

use crate::support::{append, assert_sound, memo, noise, pattern, scratch};

const N_KILLS_PER_STORE: u64 = 30;
const N_REFS: u64 = 8;

/// What publication `n` stages: some bytes of every size, and a manifest that names them.
struct Work {
    parts: Vec<Vec<u8>>,
    manifest: Vec<u8>,
    event: Vec<u8>,
}

fn work(n: u64) -> Work {
    let mut rng = StdRng::seed_from_u64(n);
    let parts: Vec<Vec<u8>> = (0..rng.random_range(1..4))
        .map(|part| {
            let seed = n * 10 + part;
            match rng.random_range(0..4) {
                0 => noise(seed, rng.random_range(8..200)),
                1 => pattern(seed, rng.random_range(5_000..40_000)),
                2 => noise(seed, rng.random_range(200..5_000)),
                _ => noise(seed, rng.random_range(5_000..60_000)),
            }
        })
        .collect();
    let manifest: Vec<u8> = parts.iter().flat_map(|part| *Digest::of(part).as_bytes()).collect();
    let event = noise(n + 7, if n.is_multiple_of(5) { 1500 } else { 40 });
    Work { parts, manifest, event }
}

/// Publication `n` moves one ref to its manifest, and appends to two streams. Every ninth removes
/// the ref instead.
fn publication(n: u64) -> Publication {
    let target = |n: u64| (!n.is_multiple_of(9)).then(|| Digest::of(&work(n).manifest));
    let expected = n.checked_sub(N_REFS).and_then(target);
    let change = RefChange { name: ref_name(n), expected, new: target(n) };
    let mut publication = append("all", Some(n), &[&n.to_le_bytes()]);
    publication
        .events
        .extend(append(&format!("s/{}", n % 3), Some(n / 3), &[&work(n).event]).events);
    publication.refs.push(change);
    publication.memos = memo(&n.to_le_bytes(), b"done").memos;
    publication
}

fn ref_name(n: u64) -> String {
    format!("refs/{}", n % N_REFS)
}

/// Everything that the refs lead to after `n` publications.
fn live(store: &SledStore) -> Vec<Digest> {
    let mut live = Vec::new();
    for (_, manifest) in store.list_refs("").unwrap() {
        live.push(manifest);
        let members = store.get(&manifest).unwrap();
        live.extend(members.chunks(32).map(|bytes| Digest::from_bytes(bytes.try_into().unwrap())));
    }
    live
}

#[test]
#[ignore = "run by other tests, in a process of its own, and killed"]
#[expect(clippy::print_stdout, reason = "it tells the other process how far it came")]
fn child() {
    let folder = std::env::var_os("REFRAIN_STORE").unwrap();
    let seed = std::env::var("REFRAIN_SEED").unwrap().parse().unwrap();
    let is_collecting = std::env::var_os("REFRAIN_COLLECTS").is_some();
    let mut rng = StdRng::seed_from_u64(seed);
    let store = SledStore::open(&Path::new(&folder).join("store")).unwrap();
    println!("@open");
    let mut n = store.read_events("all", 0).unwrap().len() as u64;
    // A process that is new has nothing in flight: this is when there is most to sweep.
    let mut is_first = true;
    loop {
        let chance = rng.random_range(0..100);
        if chance < 4 || is_collecting && (is_first || chance < 30) {
            let share = [0.0, 0.1, 0.5][rng.random_range(0..3)];
            let options = GcOptions { garbage_share_min: share, ..GcOptions::default() };
            store.gc(&live(&store).into_iter().collect(), &options).unwrap();
            println!("@gc");
        } else if chance < 34 {
            let bytes = noise(rng.random(), rng.random_range(0..3000));
            println!("@put {}", store.put(&bytes).unwrap());
        } else if chance < 36 {
            // The old copy goes in one step: half of it would be no fault of the store's.
            let [copy, old] = ["copy", "old"].map(|name| Path::new(&folder).join(name));
            drop(std::fs::remove_dir_all(&old));
            drop(std::fs::rename(&copy, &old));
            store.backup(&copy).unwrap();
            println!("@copy");
        } else {
            let Work { parts, manifest, .. } = work(n);
            parts.iter().for_each(|part| drop(store.stage(part).map(drop)));
            store.stage(&manifest).unwrap();
            println!("@begin {n}");
            store.publish(&publication(n)).unwrap();
            println!("@done {n}");
            n += 1;
        }
        is_first = false;
    }
}

/// What a child said before it died.
#[derive(Debug, Default)]
struct Said {
    begun: Option<u64>,
    done: Option<u64>,
    puts: Vec<Digest>,
    n_collections: u64,
    has_copied: bool,
}

/// Starts a child, kills it some time after it opened the store, and listens to the end.
fn run_and_kill(folder: &Path, seed: u64, after: Duration, is_collecting: bool) -> Said {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", "crash::child"]);
    command.env("REFRAIN_STORE", folder).env("REFRAIN_SEED", seed.to_string());
    if is_collecting {
        command.env("REFRAIN_COLLECTS", "1");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Said::default();
    let listener = std::thread::spawn(move || {
        for line in lines.by_ref().map(|line| line.unwrap_or_default()) {
            // The test runner has its own words before the first.
            let Some((_, words)) = line.split_once('@') else { continue };
            match words.split_once(' ').unwrap_or((words, "")) {
                ("begin", n) => said.begun = n.parse().ok(),
                ("done", n) => said.done = n.parse().ok(),
                ("put", digest) => said.puts.extend(digest.parse::<Digest>().ok()),
                ("gc", _) => said.n_collections += 1,
                ("copy", _) => said.has_copied = true,
                _ => {}
            }
        }
        said
    });
    std::thread::sleep(after);
    assert_eq!(child.try_wait().unwrap(), None, "seed {seed}: it ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    listener.join().unwrap()
}

/// Checks everything that was said against everything that is there; answers how many publications
/// there are.
fn assert_kept(folder: &Path, said: &Said, n_before: u64, place: &str) -> u64 {
    let store = SledStore::open(&folder.join("store")).unwrap();
    let n = store.read_events("all", 0).unwrap().len() as u64;
    // What it had begun and not acknowledged may be there, or not.
    let n_done = said.done.map_or(n_before, |done| done + 1);
    let n_begun = said.begun.map_or(n_before, |begun| begun + 1);
    // The last words may have been lost on the way: those of a beginning, never of more.
    assert!((n_done..=n_begun.max(n_done) + 1).contains(&n), "{place}: {n} publications: {said:?}");
    assert_state(&store, n, place);
    for digest in &said.puts {
        store.get(digest).unwrap_or_else(|error| panic!("{place}: {error}"));
    }
    assert_sound(&store);
    n
}

/// The store is exactly what `n` publications make of it.
fn assert_state(store: &SledStore, n: u64, place: &str) {
    let mut refs = Vec::new();
    for n in n.saturating_sub(N_REFS)..n {
        let Work { parts, manifest, .. } = work(n);
        if let Some(target) = publication(n).refs[0].new {
            refs.push((ref_name(n), target));
            assert_eq!(*store.get(&target).unwrap(), *manifest, "{place}");
            for part in parts {
                assert_eq!(*store.get(&Digest::of(&part)).unwrap(), *part, "{place}");
            }
        }
    }
    refs.sort();
    assert_eq!(store.list_refs("").unwrap(), refs, "{place}");
    let all: Vec<Vec<u8>> = (0..n).map(|n| n.to_le_bytes().to_vec()).collect();
    assert_eq!(store.read_events("all", 0).unwrap(), all, "{place}");
    for stream in 0..3 {
        let events: Vec<Vec<u8>> = (stream..n).step_by(3).map(|n| work(n).event).collect();
        assert_eq!(store.read_events(&format!("s/{stream}"), 0).unwrap(), events, "{place}");
    }
}

/// A copy is whole and sound, or says that it is not.
fn assert_copy(folder: &Path, place: &str) -> bool {
    let copy = folder.join("copy");
    if !copy.join("FORMAT").exists() && !copy.join("UNFINISHED").exists() {
        return false; // there is none yet
    }
    match SledStore::open(&copy) {
        Ok(store) => {
            let n = store.read_events("all", 0).unwrap().len() as u64;
            assert_state(&store, n, place);
            assert_sound(&store);
            true
        }
        Err(StoreError::Format { found, .. }) if found.starts_with("an unfinished copy") => false,
        Err(other) => panic!("{place}: {other}"),
    }
}

/// Kills a store's processes one after another; answers how many collections came to their end.
fn kill_again_and_again(folder: &Path, first_seed: u64, is_collecting: bool) -> Totals {
    let mut rng = StdRng::seed_from_u64(first_seed);
    let (mut n, mut totals) = (0, Totals::default());
    for seed in first_seed..first_seed + N_KILLS_PER_STORE {
        // From before the store is open to some dozens of publications later.
        let after = Duration::from_millis(rng.random_range(2..260));
        let said = run_and_kill(folder, seed, after, is_collecting);
        let place = format!("seed {seed}, killed after {after:?}");
        let n_now = assert_kept(folder, &said, n, &place);
        totals.n_unacknowledged += u64::from(said.done.map_or(n, |done| done + 1) < n_now);
        totals.n_copies += u64::from(assert_copy(folder, &place));
        totals.n_collections += said.n_collections;
        totals.n_publications += n_now - n;
        totals.n_puts += said.puts.len();
        n = n_now;
    }
    totals
}

#[derive(Debug, Default)]
struct Totals {
    n_publications: u64,
    n_puts: usize,
    n_collections: u64,
    n_copies: u64,
    n_unacknowledged: u64,
}

/// Kills come at random in time, so a run cannot be repeated exactly; the seed repeats the work.
#[expect(clippy::print_stdout, reason = "shown when a test fails")]
fn crash_stores(seed: u64, n_stores: u64, is_collecting: bool) {
    for number in 0..n_stores {
        // In turns in memory, where most happens between two kills, and where a disk is.
        let folder =
            if number.is_multiple_of(2) { scratch() } else { tempfile::tempdir().unwrap() };
        let seed = seed + 1000 * number;
        let totals = kill_again_and_again(folder.path(), seed, is_collecting);
        println!("seed {seed}: {totals:?}");
        assert!(totals.n_publications > N_KILLS_PER_STORE, "too little was done: {totals:?}");
        assert!(totals.n_puts > 0 && totals.n_collections > 0, "too little was done: {totals:?}");
        // The packs alone say the same.
        let store = folder.path().join("store");
        SledStore::rebuild_index(&store).unwrap();
        let store = SledStore::open(&store).unwrap();
        assert_state(&store, totals.n_publications, "after the index was made anew");
        assert_sound(&store);
    }
}

#[test]
fn crash_anywhere_keeps_what_was_acknowledged() {
    crash_stores(11_000, 3, false);
}

#[test]
fn crash_in_a_collection_keeps_what_is_live() {
    crash_stores(22_000, 3, true);
}
