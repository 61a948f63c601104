//! The disk is full: whoever writes is told so, nothing that was acknowledged is lost, and when
//! there is space again, the store goes on.
//!
//! Each test runs in a process of its own on a disk of a few MiB: a `tmpfs` that only that process
//! sees or, where none may be mounted, files that may not grow beyond a limit.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use refrain_domain::Digest;
use refrain_store::{Artifacts, Events, GcOptions, Publish, Refs, SledStore, StoreError};

use crate::support::{append, assert_sound, move_ref, noise, scratch};

const DISK_BYTES: usize = 24 << 20;
const BALLAST_BYTES: usize = 4 << 20;

/// Runs a test of this file on a small disk. It fails if that test fails or does not run.
fn on_a_small_disk(test: &str) {
    let folder = scratch();
    let script = format!(
        "mount -t tmpfs -o size={DISK_BYTES} none \"$REFRAIN_DISK\" && REFRAIN_IS_SMALL=1 exec \"$@\""
    );
    // A file that may not grow is no full disk, but writing to it fails all the same.
    let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", DISK_BYTES / 2 / 512);
    let is_root = Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|s| s.success());
    let flags = if is_root { "-m" } else { "-rm" };
    let mounted = ["unshare", flags, "sh", "-c", &script, "sh"];
    let can_mount = Command::new("unshare")
        .args([flags, "sh", "-c", "mount -t tmpfs none \"$0\"", folder.path().to_str().unwrap()])
        .status()
        .is_ok_and(|status| status.success());
    let words: &[&str] = if can_mount { &mounted } else { &["sh", "-c", &limited, "sh"] };
    let output = Command::new(words[0])
        .args(&words[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", &format!("full_disk::{test}")])
        .env("REFRAIN_DISK", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{words:?}\n{said}\n{errors}");
}

/// The disk, if this is a process that has one of its own.
fn disk() -> PathBuf {
    PathBuf::from(std::env::var_os("REFRAIN_DISK").expect("run by another test"))
}

/// Whether removing a file makes room.
fn is_a_disk() -> bool {
    std::env::var_os("REFRAIN_IS_SMALL").is_some()
}

fn take_space(path: &Path) {
    if is_a_disk() {
        std::fs::write(path, vec![1; BALLAST_BYTES]).unwrap();
    }
}

fn assert_is_full(error: &StoreError) {
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    assert!(error.to_string().starts_with("the disk of the store is full: "), "{error}");
}

/// Puts artifacts until there is no more room; answers those that were acknowledged.
fn fill(store: &SledStore, first: u64) -> Vec<Vec<u8>> {
    let mut put = Vec::new();
    for n in first..first + 10_000 {
        let bytes = noise(n, 150_000);
        match store.put(&bytes) {
            Ok(_) => put.push(bytes),
            Err(error) => {
                assert_is_full(&error);
                return put;
            }
        }
    }
    panic!("the disk has no end");
}

fn assert_there(store: &SledStore, put: &[Vec<u8>]) {
    for bytes in put {
        assert_eq!(*store.get(&Digest::of(bytes)).unwrap(), **bytes);
    }
}

#[test]
fn full_disk_loses_nothing_and_goes_on_when_there_is_space() {
    on_a_small_disk("fill_and_go_on");
}

#[test]
#[ignore = "run by another test, on a small disk"]
fn fill_and_go_on() {
    let (path, ballast) = (disk().join("store"), disk().join("ballast"));
    take_space(&ballast);
    let store = SledStore::open(&path).unwrap();
    let mut put = fill(&store, 0);
    assert!(put.len() > 20, "{} put", put.len());
    assert_there(&store, &put);
    // Again and again, with publications small enough to fit sometimes.
    let mut n_events = 0;
    let mut errors = Vec::new();
    for n in 0..200u64 {
        match store.publish(&append("all", Some(n_events), &[&noise(n, 900)])) {
            Ok(()) => n_events += 1,
            Err(error @ (StoreError::DiskFull { .. } | StoreError::Stopped { .. })) => {
                errors.push(error)
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_there(&store, &put);
    let n_read = store.read_events("all", 0).unwrap().len() as u64;
    assert!(n_read >= n_events, "{n_read} of {n_events}");
    if !is_a_disk() {
        return;
    }
    std::fs::remove_file(&ballast).unwrap();
    // Either it goes on at once, or it has stopped; then opening it again helps. That sled could
    // not write may be told only now.
    let store = match store.put(b"there is space again") {
        Ok(_) => store,
        Err(StoreError::DiskFull { .. } | StoreError::Stopped { .. }) => {
            let error = store.put(b"and again").unwrap_err();
            assert!(matches!(error, StoreError::Stopped { .. }), "{error:?}");
            drop(store);
            SledStore::open(&path).unwrap()
        }
        Err(other) => panic!("{other:?}"),
    };
    put.push(noise(77_777, 100_000));
    store.put(put.last().unwrap()).unwrap();
    assert_there(&store, &put);
    let n_read = store.read_events("all", 0).unwrap().len() as u64;
    assert!(n_read >= n_events, "{n_read} of {n_events}");
    store.publish(&append("all", Some(n_read), &[b"on"])).unwrap();
    drop(store);
    let store = SledStore::open(&path).unwrap();
    assert_there(&store, &put);
    assert_eq!(store.read_events("all", 0).unwrap().len() as u64, n_read + 1);
    assert_sound(&store);
}

/// sled writes when it opens. Where it cannot, whoever opens the store is told why, and the store
/// is as it was.
#[test]
fn full_disk_keeps_a_store_closed_at_most() {
    on_a_small_disk("fill_and_open");
}

#[test]
#[ignore = "run by another test, on a small disk"]
fn fill_and_open() {
    let (path, ballast) = (disk().join("store"), disk().join("ballast"));
    take_space(&ballast);
    let store = SledStore::open(&path).unwrap();
    let digest = store.put(b"named").unwrap();
    store.publish(&move_ref("m", None, Some(digest))).unwrap();
    let put = fill(&store, 0);
    drop(store);
    for _ in 0..3 {
        match SledStore::open(&path) {
            Ok(store) => assert_there(&store, &put),
            Err(error) => assert_is_full(&error),
        }
    }
    drop(std::fs::remove_file(&ballast));
    let store = SledStore::open(&path).unwrap();
    assert_there(&store, &put);
    assert_eq!(store.get_ref("m").unwrap(), Some(digest));
    assert_sound(&store);
}

/// A collection needs space before it gives any back: where there is too little, it gives up, and
/// what is live is where it was.
#[test]
fn full_disk_in_a_collection_loses_nothing_live() {
    on_a_small_disk("fill_and_collect");
}

#[test]
#[ignore = "run by another test, on a small disk"]
fn fill_and_collect() {
    let (path, ballast) = (disk().join("store"), disk().join("ballast"));
    take_space(&ballast);
    let store = SledStore::open(&path).unwrap();
    let put = fill(&store, 0);
    // What is live fits where the ballast is, and not where there is nothing.
    let live: Vec<Vec<u8>> = put.iter().step_by(8).cloned().collect();
    let dead_bytes = (put.len() - live.len()) as u64 * 150_000;
    let digests: HashSet<Digest> = live.iter().map(|bytes| Digest::of(bytes)).collect();
    let options = GcOptions { grace: std::time::Duration::ZERO, ..GcOptions::default() };
    if is_a_disk() {
        assert_is_full(&store.gc(&digests, &options).unwrap_err());
    }
    assert_there(&store, &live);
    drop(store);
    if !is_a_disk() {
        return;
    }
    std::fs::remove_file(&ballast).unwrap();
    let store = SledStore::open(&path).unwrap();
    assert_there(&store, &live);
    assert_sound(&store);
    // A copy does not fit, and is no store.
    let copy = disk().join("copy");
    assert_is_full(&store.backup(&copy).unwrap_err());
    assert!(matches!(SledStore::open(&copy), Err(StoreError::Format { .. })));
    std::fs::remove_dir_all(&copy).unwrap();
    assert_there(&store, &live);
    // With what was removed there is room enough to collect.
    let report = store.gc(&digests, &options).unwrap();
    assert!(report.freed_bytes >= dead_bytes, "{report:?} of {dead_bytes}");
    assert_there(&store, &live);
    assert_sound(&store);
}
