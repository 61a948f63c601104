//! What the check finds, and what mends it.

use std::fs;

use refrain_domain::Digest;
use refrain_store::{Artifacts, FaultKind, Publish, SledStore, StoreError};

use crate::support::{Sample, append, assert_sound, move_ref, pack_files, records, set_ref};

/// Damages one byte behind a header.
fn damage(sample: &Sample, digest: Digest) -> u64 {
    let pack = &pack_files(&sample.path())[0];
    let mut bytes = fs::read(pack).unwrap();
    let record = records(&bytes).into_iter().find(|record| record.digest == digest).unwrap();
    bytes[record.offset as usize + 64] ^= 1;
    fs::write(pack, bytes).unwrap();
    record.offset
}

#[test]
fn a_sound_store_is_counted_and_measured() {
    let sample = Sample::new();
    let store = SledStore::open(&sample.path()).unwrap();
    let report = store.fsck().unwrap();
    let bytes: usize = sample.artifacts.iter().map(Vec::len).sum();
    // A spilled event and a spilled memo are artifacts too.
    assert_eq!((report.n_verified, report.verified_bytes), (8, (bytes + 1500 + 1200) as u64));
    assert_eq!(report.faults, []);
    let usage = store.usage().unwrap();
    assert_eq!((usage.n_artifacts, usage.artifact_bytes), (8, report.verified_bytes));
    let on_disk: u64 = pack_files(&sample.path()).iter().map(|p| p.metadata().unwrap().len()).sum();
    assert_eq!(usage.pack_bytes, on_disk);
    assert!(usage.index_bytes > 0);
}

#[test]
fn a_damaged_artifact_is_named_forgotten_and_put_again() {
    let sample = Sample::new();
    let bytes = &sample.artifacts[3];
    let digest = Digest::of(bytes);
    let offset = damage(&sample, digest);
    let store = SledStore::open(&sample.path()).unwrap();
    let error = store.get(&digest).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains(&format!("pack 0 at {offset}")), "{error}");
    let faults = store.fsck().unwrap().faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    let fault = &faults[0];
    let found = (fault.kind, fault.digest, fault.pack, fault.offset);
    assert_eq!(found, (FaultKind::Artifact, Some(digest), Some(0), Some(offset)));

    assert_eq!(store.forget_damaged().unwrap(), [digest]);
    assert!(matches!(store.get(&digest), Err(StoreError::Missing { .. })));
    let kinds: Vec<FaultKind> = store.fsck().unwrap().faults.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FaultKind::Pack, FaultKind::Ref]); // the bytes, and what names them
    store.put(bytes).unwrap();
    assert_eq!(*store.get(&digest).unwrap(), **bytes);
    assert_eq!(store.fsck().unwrap().faults.len(), 1); // the bytes are still there

    let live = sample.artifacts.iter().map(|bytes| Digest::of(bytes)).collect();
    let options = refrain_store::GcOptions { garbage_share_min: 0.0, ..Default::default() };
    store.gc(&live, &options).unwrap();
    assert_sound(&store);
    assert_eq!(sample.unserved(&store), []);
}

/// The check only looks, unless it is asked.
#[test]
fn a_check_changes_nothing() {
    let sample = Sample::new();
    damage(&sample, Digest::of(&sample.artifacts[2]));
    let store = SledStore::open(&sample.path()).unwrap();
    let before = fs::read(&pack_files(&sample.path())[0]).unwrap();
    let first = store.fsck().unwrap();
    assert_eq!(store.fsck().unwrap(), first);
    assert_eq!(fs::read(&pack_files(&sample.path())[0]).unwrap(), before);
    assert_eq!(pack_files(&sample.path()).len(), 1);
}

#[test]
fn a_damaged_event_is_named_by_its_stream_and_number() {
    let sample = Sample::new();
    let spilled = Digest::of(&sample.events[1]);
    damage(&sample, spilled);
    let store = SledStore::open(&sample.path()).unwrap();
    let faults = store.fsck().unwrap().faults;
    let kinds: Vec<FaultKind> = faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::Artifact, FaultKind::Event]);
    assert!(faults[1].detail.starts_with("event 1 of `runs/1` cannot be read"), "{:?}", faults[1]);
}

/// A journal is damaged that the index has long taken in: nothing is lost, until the index is. The
/// packs are told again what the index knows.
#[test]
fn a_damaged_journal_is_named_and_written_again() {
    let sample = Sample::new();
    let pack = &pack_files(&sample.path())[0];
    let mut bytes = fs::read(pack).unwrap();
    let journal = records(&bytes).into_iter().find(|record| !record.is_artifact).unwrap();
    bytes[journal.offset as usize + 70] ^= 1;
    fs::write(pack, bytes).unwrap();
    let store = SledStore::open(&sample.path()).unwrap();
    assert!(sample.are_names_right(&store));
    let kinds: Vec<FaultKind> = store.fsck().unwrap().faults.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FaultKind::Pack, FaultKind::Ref]); // `refs/0` is in the index only
    store.forget_damaged().unwrap();
    let kinds: Vec<FaultKind> = store.fsck().unwrap().faults.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FaultKind::Pack]);
    drop(store);
    SledStore::rebuild_index(&sample.path()).unwrap();
    assert!(sample.are_names_right(&SledStore::open(&sample.path()).unwrap()));
}

#[test]
fn a_ref_to_nothing_is_named() {
    let sample = Sample::new();
    let store = SledStore::open(&sample.path()).unwrap();
    let nothing = Digest::of(b"nobody put this");
    store.publish(&move_ref("dangling", None, Some(nothing))).unwrap();
    let faults = store.fsck().unwrap().faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((faults[0].kind, faults[0].digest), (FaultKind::Ref, Some(nothing)));
    assert!(faults[0].detail.contains("`dangling`"), "{:?}", faults[0]);
}

/// Every pack counts, and the check of one store may run while another thread writes to it.
#[test]
fn a_store_in_use_is_checked_as_of_one_moment() {
    let sample = Sample::new();
    let store = SledStore::open(&sample.path()).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..200u32 {
                let digest = store.stage(&n.to_le_bytes().repeat(100)).unwrap();
                set_ref(&store, "moving", digest);
                store.publish(&append("growing", None, &[&n.to_le_bytes()])).unwrap();
            }
        });
        let mut n_checks = 0;
        while !writer.is_finished() || n_checks == 0 {
            assert_sound(&store);
            n_checks += 1;
        }
    });
    assert_eq!(store.fsck().unwrap().n_verified, 208);
}
