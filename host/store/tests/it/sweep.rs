//! What a collection takes, and what it leaves.

use std::collections::HashSet;
use std::time::Duration;

use refrain_domain::Digest;
use refrain_store::{
    Artifacts, Events, GcOptions, GcReport, Memos, Publish, Refs, SledStore, StoreError,
};

use crate::support::{
    Sample, append, assert_sound, copy_folder, memo, move_ref, noise, pack_files, pattern, scratch,
    set_ref,
};

/// Everything that can go, goes.
const ALL: GcOptions = GcOptions { dry_run: false, grace: Duration::ZERO, garbage_share_min: 0.0 };

fn live<const N: usize>(digests: [Digest; N]) -> HashSet<Digest> {
    digests.into_iter().collect()
}

fn is_missing(store: &SledStore, digest: &Digest) -> bool {
    let is_unknown = store.size(digest).unwrap().is_none();
    assert_eq!(is_unknown, matches!(store.get(digest), Err(StoreError::Missing { .. })));
    is_unknown
}

#[test]
fn what_is_live_stays_and_the_rest_gives_its_space_back() {
    let folder = scratch();
    let store = SledStore::open(folder.path()).unwrap();
    let [kept, packed, dead] =
        [noise(1, 100_000), pattern(2, 100_000), noise(3, 300_000)].map(|b| store.put(&b).unwrap());
    let before = store.usage().unwrap();
    let report = store.gc(&live([kept, packed]), &ALL).unwrap();
    let after = store.usage().unwrap();
    assert_eq!((report.n_kept, report.n_swept), (2, 1));
    assert_eq!(report.freed_bytes, before.pack_bytes - after.pack_bytes);
    assert!(report.freed_bytes > 299_000, "{report:?}");
    assert_eq!((after.n_artifacts, after.artifact_bytes), (2, 200_000));
    assert!(is_missing(&store, &dead));
    assert_eq!(*store.get(&kept).unwrap(), *noise(1, 100_000));
    assert_eq!(*store.get(&packed).unwrap(), *pattern(2, 100_000));
    assert_sound(&store);
    drop(store);
    let store = SledStore::open(folder.path()).unwrap();
    assert!(is_missing(&store, &dead));
    assert_eq!(*store.get(&kept).unwrap(), *noise(1, 100_000));
    // What was swept can be put again.
    assert_eq!(store.put(&noise(3, 300_000)).unwrap(), dead);
    assert_eq!(*store.get(&dead).unwrap(), *noise(3, 300_000));
}

#[test]
fn a_dry_run_tells_what_a_run_would_do_and_does_nothing() {
    let sample = Sample::new();
    let store = SledStore::open(&sample.path()).unwrap();
    let before = store.usage().unwrap();
    let keep = live([Digest::of(&sample.artifacts[2])]);
    let told = store.gc(&keep, &GcOptions { dry_run: true, ..ALL }).unwrap();
    assert_eq!(store.usage().unwrap(), before);
    assert_eq!(sample.unserved(&store), []);
    let done = store.gc(&keep, &ALL).unwrap();
    assert_eq!((told.n_kept, told.n_swept), (done.n_kept, done.n_swept));
    assert!(told.freed_bytes > 0 && done.freed_bytes > 0, "{told:?} {done:?}");
}

/// Padding and journals are no garbage: otherwise each collection would write everything anew.
#[test]
fn a_second_collection_finds_nothing_to_do() {
    let folder = scratch();
    let store = SledStore::open(folder.path()).unwrap();
    // Two slots each, the second almost empty.
    let digests: Vec<Digest> = (0..500).map(|n| store.stage(&noise(n, 1)).unwrap()).collect();
    for n in 0..50u64 {
        let name = format!("refs/{n}");
        store.publish(&move_ref(&name, None, Some(digests[n as usize]))).unwrap();
        store.publish(&append("events", None, &[&n.to_le_bytes()])).unwrap();
    }
    let live: HashSet<Digest> = digests.into_iter().collect();
    let first = store.gc(&live, &GcOptions::default()).unwrap();
    assert!(first.freed_bytes > 0, "a hundred journals became one: {first:?}");
    let packs = pack_files(folder.path());
    for options in [GcOptions::default(), ALL] {
        let GcReport { n_swept, freed_bytes, .. } = store.gc(&live, &options).unwrap();
        assert_eq!((n_swept, freed_bytes), (0, 0));
        assert_eq!(pack_files(folder.path()), packs);
    }
}

#[test]
fn a_pack_with_little_garbage_is_left_alone() {
    let folder = scratch();
    let store = SledStore::open(folder.path()).unwrap();
    let kept = store.put(&noise(1, 95_000)).unwrap();
    let dead = store.put(&noise(2, 5_000)).unwrap();
    let options = GcOptions { garbage_share_min: 0.2, ..ALL };
    let report = store.gc(&live([kept]), &options).unwrap();
    assert_eq!((report.n_swept, report.freed_bytes), (1, 0));
    assert!(is_missing(&store, &dead)); // gone from the index all the same
    assert_sound(&store);
    // And is collected when someone cares, though nothing new is swept then.
    let report = store.gc(&live([kept]), &ALL).unwrap();
    assert_eq!(report.n_swept, 0);
    assert!(report.freed_bytes > 4_500, "{report:?}");
    assert_sound(&store);
}

#[test]
fn what_is_in_flight_stays() {
    let folder = scratch();
    let store = SledStore::open(folder.path()).unwrap();
    let [staged, put, asked, held] =
        [1, 2, 3, 4].map(|seed| store.stage(&noise(seed, 2000)).unwrap());
    store.sync().unwrap();
    drop(store);
    let store = SledStore::open(folder.path()).unwrap();
    // Another process: nothing is in flight but what it takes up.
    store.stage(&noise(1, 2000)).unwrap();
    store.put(&noise(2, 2000)).unwrap();
    store.size(&asked).unwrap();
    let hold = store.hold(&held);
    let unsynced = store.stage(&noise(5, 2000)).unwrap();
    let none = HashSet::new();
    let hour = GcOptions { garbage_share_min: 0.0, ..GcOptions::default() };
    let report = store.gc(&none, &hour).unwrap();
    assert_eq!((report.n_kept, report.n_swept), (5, 0));
    // Without grace only the hold counts.
    assert_eq!(store.gc(&none, &ALL).unwrap().n_swept, 4);
    assert!([staged, put, asked, unsynced].iter().all(|digest| is_missing(&store, digest)));
    assert_eq!(*store.get(&held).unwrap(), *noise(4, 2000));
    assert_eq!(hold.digest(), &held);
    drop(hold);
    assert_eq!(store.gc(&none, &ALL).unwrap().n_swept, 1);
}

#[test]
fn two_holds_are_two() {
    let folder = scratch();
    let store = SledStore::open(folder.path()).unwrap();
    let digest = store.put(b"held").unwrap();
    let (first, second) = (store.hold(&digest), store.hold(&digest));
    drop(first);
    assert_eq!(store.gc(&HashSet::new(), &ALL).unwrap().n_swept, 0);
    drop(second);
    assert_eq!(store.gc(&HashSet::new(), &ALL).unwrap().n_swept, 1);
}

#[test]
fn long_events_and_memos_stay_though_nobody_names_them() {
    let folder = scratch();
    let store = SledStore::open(folder.path()).unwrap();
    let (event, value) = (noise(1, 5000), noise(2, 5000));
    store.publish(&append("s", None, &[&event])).unwrap();
    store.publish(&memo(b"k", &value)).unwrap();
    store.publish(&memo(b"replaced", &noise(3, 5000))).unwrap();
    store.publish(&memo(b"replaced", b"short")).unwrap();
    let report = store.gc(&HashSet::new(), &ALL).unwrap();
    assert_eq!((report.n_kept, report.n_swept), (2, 1));
    assert_eq!(store.read_events("s", 0).unwrap(), [event]);
    assert_eq!(store.get_memo(b"k").unwrap(), Some(value));
    assert_eq!(store.get_memo(b"replaced").unwrap(), Some(b"short".to_vec()));
    assert_sound(&store);
}

/// A memo may name what was swept: whoever reads it looks again.
#[test]
fn a_memo_keeps_nothing_that_it_only_names() {
    let folder = scratch();
    let store = SledStore::open(folder.path()).unwrap();
    let named = store.put(&noise(1, 2000)).unwrap();
    store.publish(&memo(b"k", named.to_string().as_bytes())).unwrap();
    assert_eq!(store.gc(&HashSet::new(), &ALL).unwrap().n_swept, 1);
    assert_eq!(store.get_memo(b"k").unwrap(), Some(named.to_string().into_bytes()));
    assert_sound(&store);
}

/// The journals of the packs that went are in a snapshot; a ref that was removed stays removed,
/// even where an older pack still says that it was made.
#[test]
fn refs_and_events_outlive_the_packs_and_the_index() {
    let folder = scratch();
    let path = folder.path();
    let store = SledStore::open(path).unwrap();
    let keep = store.put(&noise(1, 200_000)).unwrap();
    store.publish(&move_ref("removed", None, Some(keep))).unwrap();
    store.publish(&move_ref("kept", None, Some(keep))).unwrap();
    store.gc(&live([keep]), &GcOptions { garbage_share_min: 0.9, ..ALL }).unwrap(); // closes the pack
    drop(store);
    let old_index = folder.path().with_extension("old-index");
    copy_folder(&path.join("index"), &old_index);
    let store = SledStore::open(path).unwrap();
    let dead = store.put(&noise(2, 50_000)).unwrap();
    store.publish(&move_ref("removed", Some(keep), None)).unwrap();
    let events: Vec<Vec<u8>> = (0..40).map(|n| noise(n, 1000)).collect();
    for event in &events {
        store.publish(&append("s", None, &[event])).unwrap();
    }
    let options = GcOptions { garbage_share_min: 0.5, ..ALL };
    assert_eq!(store.gc(&live([keep]), &options).unwrap().n_swept, 1);
    let packs = pack_files(path);
    assert!(packs[0].ends_with("00000000.pack"), "the first pack has little garbage: {packs:?}");
    assert!(!packs.iter().any(|pack| pack.ends_with("00000001.pack")), "{packs:?}");
    assert_sound(&store);
    drop(store);
    let assert_whole = || {
        let store = SledStore::open(path).unwrap();
        assert_eq!(store.list_refs("").unwrap(), [("kept".to_owned(), keep)]);
        assert_eq!(store.read_events("s", 0).unwrap(), events);
        assert!(is_missing(&store, &dead));
        assert_sound(&store);
    };
    SledStore::rebuild_index(path).unwrap();
    assert_whole();
    // An index of before: the journal that would have told it of the removal is gone.
    std::fs::remove_dir_all(path.join("index")).unwrap();
    std::fs::rename(&old_index, path.join("index")).unwrap();
    assert_whole();
}

/// Others go on putting, publishing and reading while packs are rewritten under them.
#[test]
fn nothing_is_lost_that_others_do_meanwhile() {
    const N_ROUNDS: u64 = 150;
    let folder = scratch();
    let store = SledStore::open(folder.path()).unwrap();
    let bytes = |n| noise(n, 3000 + n as usize);
    let hour = GcOptions { garbage_share_min: 0.0, ..GcOptions::default() };
    let n_collections = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            for n in 0..N_ROUNDS {
                let digest = store.stage(&bytes(n)).unwrap();
                set_ref(&store, "newest", digest);
                store.publish(&append("all", None, &[&n.to_le_bytes()])).unwrap();
            }
        });
        let putter = scope.spawn(|| {
            for n in N_ROUNDS..2 * N_ROUNDS {
                let digest = store.put(&bytes(n)).unwrap();
                assert_eq!(*store.get(&digest).unwrap(), *bytes(n));
                assert_eq!(*store.get(&Digest::of(&bytes(N_ROUNDS))).unwrap(), *bytes(N_ROUNDS));
            }
        });
        let mut n_collections = 0;
        while !publisher.is_finished() || !putter.is_finished() {
            store.gc(&HashSet::new(), &hour).unwrap();
            n_collections += 1;
        }
        n_collections
    });
    assert!(n_collections > 1);
    for n in 0..2 * N_ROUNDS {
        assert_eq!(*store.get(&Digest::of(&bytes(n))).unwrap(), *bytes(n), "artifact {n}");
    }
    assert_eq!(store.read_events("all", 0).unwrap().len() as u64, N_ROUNDS);
    assert_sound(&store);
}

/// Damage is not copied, and a pack with damage is not removed: it may yet be read by someone
/// cleverer.
#[test]
fn a_damaged_pack_stays() {
    let sample = Sample::new();
    let pack = &pack_files(&sample.path())[0];
    let mut bytes = std::fs::read(pack).unwrap();
    let damaged = Digest::of(&sample.artifacts[2]);
    let records = crate::support::records(&bytes);
    let record = records.into_iter().find(|record| record.digest == damaged).unwrap();
    bytes[record.offset as usize + 64] ^= 1;
    std::fs::write(pack, &bytes).unwrap();
    let store = SledStore::open(&sample.path()).unwrap();
    let live: HashSet<Digest> = sample.artifacts.iter().map(|bytes| Digest::of(bytes)).collect();
    store.gc(&live, &ALL).unwrap();
    assert_eq!(std::fs::read(pack).unwrap(), bytes);
    assert_eq!(sample.unserved(&store), [damaged]);
}
