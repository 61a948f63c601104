//! A pack ends in the middle of a record: what was acknowledged before it is there, the rest is not,
//! and the store goes on.

use std::fs::OpenOptions;
use std::path::Path;

use refrain_domain::Digest;
use refrain_store::{Artifacts, Events, FaultKind, Publish, Refs, SledStore};

use crate::support::{
    append, assert_sound, copy_folder, move_ref, noise, pack_files, pattern, records, scratch,
};

const N_PUBLICATIONS: u64 = 4;

/// What each publication of [`publish`] names.
fn artifact(n: u64) -> Vec<u8> {
    if n.is_multiple_of(2) { noise(n, 333) } else { pattern(n, 6000) }
}

/// One artifact, one ref, one event that is small and one that is spilled.
fn publish(store: &SledStore, n: u64) {
    let digest = store.stage(&artifact(n)).unwrap();
    let mut publication = move_ref(&format!("refs/{n}"), None, Some(digest));
    publication.events =
        append("all", Some(2 * n), &[&n.to_le_bytes(), &noise(n + 50, 1100)]).events;
    store.publish(&publication).unwrap();
}

/// The store holds exactly the first publications.
fn assert_holds(store: &SledStore, n_publications: u64, place: &str) {
    let refs: Vec<(String, Digest)> =
        (0..n_publications).map(|n| (format!("refs/{n}"), Digest::of(&artifact(n)))).collect();
    assert_eq!(store.list_refs("").unwrap(), refs, "{place}");
    for n in 0..n_publications {
        assert_eq!(*store.get(&Digest::of(&artifact(n))).unwrap(), *artifact(n), "{place}");
    }
    let events: Vec<Vec<u8>> =
        (0..n_publications).flat_map(|n| [n.to_le_bytes().to_vec(), noise(n + 50, 1100)]).collect();
    assert_eq!(store.read_events("all", 0).unwrap(), events, "{place}");
}

fn truncate(pack: &Path, len: u64) {
    OpenOptions::new().write(true).open(pack).unwrap().set_len(len).unwrap();
}

/// As a crash leaves it: the index knows of the first publication only, and the pack ends anywhere
/// behind it. Every length there is.
#[test]
fn a_torn_tail_costs_the_publications_that_it_is_of() {
    let folder = scratch();
    let (made, index, torn) =
        (folder.path().join("a"), folder.path().join("i"), folder.path().join("t"));
    let store = SledStore::open(&made).unwrap();
    publish(&store, 0);
    drop(store);
    copy_folder(&made.join("index"), &index);
    let len_known = std::fs::metadata(&pack_files(&made)[0]).unwrap().len();
    let store = SledStore::open(&made).unwrap();
    (1..N_PUBLICATIONS).for_each(|n| publish(&store, n));
    drop(store);
    let pack = std::fs::read(&pack_files(&made)[0]).unwrap();
    let journals: Vec<u64> = records(&pack)
        .iter()
        .filter(|record| !record.is_artifact)
        .map(|record| record.end)
        .collect();
    assert_eq!(journals.len() as u64, N_PUBLICATIONS);
    for len in len_known..=pack.len() as u64 {
        drop(std::fs::remove_dir_all(&torn));
        copy_folder(&made, &torn);
        std::fs::remove_dir_all(torn.join("index")).unwrap();
        copy_folder(&index, &torn.join("index"));
        truncate(&pack_files(&torn)[0], len);
        let n_whole = journals.iter().filter(|end| **end <= len).count() as u64;
        let store = SledStore::open(&torn).unwrap();
        assert_holds(&store, n_whole, &format!("cut at {len}"));
        // Often enough to see it go on, seldom enough to be quick.
        if len.is_multiple_of(97) {
            assert_sound(&store);
            publish(&store, n_whole);
            drop(store);
            let store = SledStore::open(&torn).unwrap();
            assert_holds(&store, n_whole + 1, &format!("cut at {len}, and published to"));
            assert_sound(&store);
        }
    }
}

/// As a failing disk leaves it: the index knows everything, and the pack has lost its end.
#[test]
fn a_pack_that_lost_its_end_costs_what_was_there() {
    let folder = scratch();
    let (made, torn) = (folder.path().join("a"), folder.path().join("t"));
    let store = SledStore::open(&made).unwrap();
    (0..N_PUBLICATIONS).for_each(|n| publish(&store, n));
    drop(store);
    let pack = std::fs::read(&pack_files(&made)[0]).unwrap();
    let records = records(&pack);
    let cuts = records.iter().skip(records.len() - 5);
    // The edges of the last records and of their headers, and one byte either way.
    let cuts = cuts.flat_map(|r| [r.offset, r.offset + 1, r.offset + 63, r.offset + 64, r.end - 1]);
    for len in cuts {
        drop(std::fs::remove_dir_all(&torn));
        copy_folder(&made, &torn);
        truncate(&pack_files(&torn)[0], len);
        let store = SledStore::open(&torn).unwrap();
        let lost: Vec<_> = records.iter().filter(|r| r.is_artifact && r.end > len).collect();
        for record in records.iter().filter(|record| record.is_artifact) {
            let is_lost = lost.iter().any(|lost| lost.digest == record.digest);
            assert_eq!(store.get(&record.digest).is_err(), is_lost, "cut at {len}: {record:?}");
        }
        let faults = store.fsck().unwrap().faults;
        assert_ne!(faults, [], "cut at {len}");
        for record in &lost {
            let is_it = |f: &&refrain_store::Fault| {
                f.kind == FaultKind::Artifact && f.digest == Some(record.digest)
            };
            let fault =
                faults.iter().find(is_it).unwrap_or_else(|| panic!("cut at {len}: {record:?}"));
            assert_eq!((fault.pack, fault.offset), (Some(0), Some(record.offset)));
        }
        go_on(store, &torn, &format!("cut at {len}"));
    }
}

/// Whatever is lost, what is put from now on is not; and what was lost can be put again.
fn go_on(store: SledStore, path: &Path, place: &str) {
    store.forget_damaged().unwrap();
    for n in 0..N_PUBLICATIONS {
        store.put(&artifact(n)).unwrap();
        store.put(&noise(n + 50, 1100)).unwrap();
    }
    assert_holds(&store, N_PUBLICATIONS, place);
    publish(&store, N_PUBLICATIONS);
    drop(store);
    let store = SledStore::open(path).unwrap();
    assert_holds(&store, N_PUBLICATIONS + 1, place);
    drop(store);
    SledStore::rebuild_index(path).unwrap();
    let store = SledStore::open(path).unwrap();
    assert_holds(&store, N_PUBLICATIONS + 1, place);
}
