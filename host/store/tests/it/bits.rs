//! One bit is flipped, anywhere: nothing wrong is served, nothing else is lost, nothing panics, and
//! the check names what it was.

use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refrain_store::{Artifacts, FaultKind, Publish, SledStore, StoreError};

use crate::support::{
    Record, SMALL, Sample, assert_sound, copy_folder, memo, noise, pack_files, records,
};

const SEED: u64 = 0x0b17;

/// Every byte of every header, and enough of the bytes behind them; of each, one bit or all.
fn flips(rng: &mut StdRng, records: &[Record]) -> Vec<(usize, u8)> {
    let mut flips = Vec::new();
    for record in records {
        let (offset, end) = (record.offset as usize, record.end as usize);
        let n_behind = (end - offset - 64).min(24);
        let behind = (0..n_behind).map(|_| rng.random_range(offset + 64..end)).collect::<Vec<_>>();
        flips.extend(
            (offset..offset + 64).chain(behind).map(|at| (at, 1 << rng.random_range(0..8))),
        );
    }
    flips
}

#[test]
fn a_flipped_bit_of_a_pack_costs_the_record_that_it_is_in() {
    let sample = Sample::new();
    let pack = pack_files(&sample.path()).remove(0);
    let whole = std::fs::read(&pack).unwrap();
    let records = records(&whole);
    assert!(records.iter().any(|record| !record.is_artifact), "no journal to damage");
    let mut rng = StdRng::seed_from_u64(SEED);
    for (at, mask) in flips(&mut rng, &records) {
        let hit = records.iter().rfind(|record| record.offset as usize <= at).unwrap();
        let mut damaged = whole.clone();
        damaged[at] ^= mask;
        std::fs::write(&pack, damaged).unwrap();
        let store = SledStore::open(&sample.path()).unwrap();
        let unserved = sample.unserved(&store);
        let is_lost = sample.artifacts.iter().any(|a| refrain_domain::Digest::of(a) == hit.digest);
        assert_eq!(unserved, if is_lost { vec![hit.digest] } else { vec![] }, "byte {at} ^ {mask}");
        let report = store.fsck().unwrap();
        let named = report.faults.iter().any(|fault| {
            let kind = if hit.is_artifact { FaultKind::Artifact } else { FaultKind::Pack };
            (fault.kind, fault.pack, fault.offset) == (kind, Some(0), Some(hit.offset))
        });
        assert!(named, "byte {at} ^ {mask} of {hit:?}: {:?}", report.faults);
    }
}

/// The same damage, found by whoever makes the index anew instead.
#[test]
fn a_flipped_bit_of_a_pack_is_not_taken_into_a_new_index() {
    let sample = Sample::new();
    let pack = pack_files(&sample.path()).remove(0);
    let whole = std::fs::read(&pack).unwrap();
    let mut rng = StdRng::seed_from_u64(SEED + 1);
    let records = records(&whole);
    for record in &records {
        let at = rng.random_range(record.offset..record.end) as usize;
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << rng.random_range(0..8);
        std::fs::write(&pack, damaged).unwrap();
        let report = SledStore::rebuild_index(&sample.path()).unwrap();
        assert_eq!(report.n_damaged, 1, "byte {at}");
        let n_artifacts = records.iter().filter(|r| r.is_artifact && *r != record).count();
        assert_eq!(report.n_artifacts, n_artifacts as u64, "byte {at}");
        let store = SledStore::open(&sample.path()).unwrap();
        let is_mine = |digest: &refrain_domain::Digest| *digest == record.digest;
        assert!(sample.unserved(&store).iter().all(is_mine), "byte {at}");
        assert_ne!(store.fsck().unwrap().faults, [], "byte {at}");
    }
}

/// Bytes of the index's files that are not zero, and some that are.
fn index_flips(rng: &mut StdRng, store: &Path, n_flips: usize) -> Vec<(PathBuf, usize, u8)> {
    let mut flips = Vec::new();
    for entry in std::fs::read_dir(store.join("index")).unwrap() {
        let file = entry.unwrap().path();
        if !file.is_file() {
            continue;
        }
        let bytes = std::fs::read(&file).unwrap();
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        // The others are a few hundred bytes.
        let is_db = file.file_name().is_some_and(|name| name == "db");
        for n in 0..if is_db { n_flips } else { n_flips / 8 } {
            let at = match n % 8 {
                0 => rng.random_range(0..bytes.len()),
                _ => used[rng.random_range(0..used.len())],
            };
            flips.push((file.clone(), at, 1 << rng.random_range(0..8)));
        }
    }
    flips
}

#[test]
fn a_flipped_bit_of_the_index_is_named_or_harmless() {
    flip_index(&Sample::new(), SEED + 2, 200);
}

/// An index of several of sled's segments, some of them written more than once.
#[test]
fn a_flipped_bit_of_a_long_index_is_named_or_harmless() {
    let mut sample = Sample::new();
    let store = SledStore::open(&sample.path()).unwrap();
    for number in 0..4000 {
        let bytes = noise(1_000_000 + number, SMALL);
        store.stage(&bytes).unwrap();
        sample.artifacts.push(bytes);
        if number % 100 == 99 {
            store
                .publish(&memo(format!("memo {number}").as_bytes(), &noise(number, 1000)))
                .unwrap();
        }
    }
    store.sync().unwrap();
    drop(store);
    flip_index(&sample, SEED + 3, 60);
}

/// Flips bits of the index one by one. A store that opens either serves everything, or knows that
/// it does not; one that does not open comes back whole from its packs.
fn flip_index(sample: &Sample, seed: u64, n_flips: usize) {
    let path = sample.path();
    let kept = sample.folder.path().join("kept");
    copy_folder(&path, &kept);
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut n_refused, mut n_named, mut n_harmless) = (0, 0, 0);
    for (file, at, mask) in index_flips(&mut rng, &kept, n_flips) {
        std::fs::remove_dir_all(&path).unwrap();
        copy_folder(&kept, &path);
        let target = path.join("index").join(file.file_name().unwrap());
        let mut bytes = std::fs::read(&target).unwrap();
        bytes[at] ^= mask;
        std::fs::write(&target, bytes).unwrap();
        let place = format!("{}: byte {at} ^ {mask}", target.display());
        match SledStore::open(&path) {
            Err(StoreError::Io { .. } | StoreError::Format { .. }) => n_refused += 1,
            Err(other) => panic!("{place}: {other}"),
            Ok(store) => {
                let is_right = sample.unserved(&store).is_empty() && sample.are_names_right(&store);
                if store.fsck().is_ok_and(|report| report.faults.is_empty()) {
                    assert!(is_right, "{place}: lost something, and does not know");
                    n_harmless += 1;
                    continue;
                }
                n_named += 1;
            }
        }
        SledStore::rebuild_index(&path).unwrap();
        let store = SledStore::open(&path).unwrap();
        assert_eq!(sample.unserved(&store), [], "{place}");
        assert!(sample.are_names_right(&store), "{place}");
        assert_sound(&store);
    }
    assert!(n_refused + n_named > 0 && n_harmless > 0, "{n_refused}, {n_named}, {n_harmless}");
}
