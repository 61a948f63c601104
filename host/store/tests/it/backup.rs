//! Copies, and stores made of copies.

use std::path::Path;

use refrain_domain::Digest;
use refrain_store::{Artifacts, Events, Memos, Publish, Refs, SledStore, StoreError};

use crate::support::{Sample, append, assert_sound, memo, noise, scratch, set_ref};

#[test]
fn a_copy_is_a_store() {
    let sample = Sample::new();
    let (copy, restored) =
        (sample.folder.path().join("copy"), sample.folder.path().join("new/store"));
    let store = SledStore::open(&sample.path()).unwrap();
    store.backup(&copy).unwrap();
    // What comes later is not in it.
    store.put(b"later").unwrap();
    drop(store);
    std::fs::remove_dir_all(sample.path()).unwrap();
    SledStore::restore(&copy, &restored).unwrap();
    for path in [copy, restored] {
        let store = SledStore::open(&path).unwrap();
        assert_eq!(sample.unserved(&store), []);
        assert!(sample.are_names_right(&store));
        assert_eq!(store.get_memo(b"key").unwrap(), Some(noise(7, 1200)));
        assert_eq!(store.size(&Digest::of(b"later")).unwrap(), None);
        assert_sound(&store);
        store.put(b"goes on").unwrap();
        drop(store);
        // The packs of a copy are as good as its index.
        SledStore::rebuild_index(&path).unwrap();
        assert!(sample.are_names_right(&SledStore::open(&path).unwrap()));
    }
}

#[test]
fn what_is_staged_is_in_the_copy() {
    let folder = scratch();
    let (path, copy) = (folder.path().join("a"), folder.path().join("b"));
    let store = SledStore::open(&path).unwrap();
    let staged = store.stage(&noise(1, 5000)).unwrap();
    store.backup(&copy).unwrap();
    assert_eq!(*SledStore::open(&copy).unwrap().get(&staged).unwrap(), *noise(1, 5000));
}

/// Each copy is of one moment: the ref, the stream and the artifacts in it belong together.
#[test]
fn a_copy_of_a_store_in_use_is_of_one_moment() {
    const N: u64 = 300;
    let bytes = |n: u64| noise(n, 2000);
    let folder = scratch();
    let store = SledStore::open(&folder.path().join("store")).unwrap();
    let copies: Vec<_> = (0..4).map(|n| folder.path().join(format!("copy-{n}"))).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..N {
                let digest = store.stage(&bytes(n)).unwrap();
                let mut publication = append("all", Some(n), &[&n.to_le_bytes()]);
                publication.refs = vec![refrain_store::RefChange {
                    name: "newest".to_owned(),
                    expected: n.checked_sub(1).map(|before| Digest::of(&bytes(before))),
                    new: Some(digest),
                }];
                publication.memos = memo(&n.to_le_bytes(), b"done").memos;
                store.publish(&publication).unwrap();
            }
        });
        for copy in &copies {
            store.backup(copy).unwrap();
        }
    });
    for copy in &copies {
        let store = SledStore::open(copy).unwrap();
        let n = store.read_events("all", 0).unwrap().len() as u64;
        let newest = n.checked_sub(1).map(|last| Digest::of(&bytes(last)));
        assert_eq!(store.get_ref("newest").unwrap(), newest);
        for n in 0..n {
            assert_eq!(*store.get(&Digest::of(&bytes(n))).unwrap(), *bytes(n));
            assert!(store.get_memo(&n.to_le_bytes()).unwrap().is_some());
        }
        assert!(store.get_memo(&n.to_le_bytes()).unwrap().is_none());
        assert_sound(&store);
    }
}

#[test]
fn a_copy_needs_an_empty_folder() {
    let sample = Sample::new();
    let store = SledStore::open(&sample.path()).unwrap();
    let other = scratch();
    std::fs::write(other.path().join("thesis.tex"), "chapter 1").unwrap();
    let error = store.backup(other.path()).unwrap_err().to_string();
    assert!(error.contains("the folder is not empty"), "{error}");
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 1);
    let error = store.backup(&sample.path()).unwrap_err().to_string();
    assert!(error.contains("the folder is not empty"), "{error}");
    assert!(sample.are_names_right(&store));
}

#[test]
fn a_copy_that_was_interrupted_is_no_store() {
    let sample = Sample::new();
    let copy = sample.folder.path().join("copy");
    SledStore::open(&sample.path()).unwrap().backup(&copy).unwrap();
    // As it is before its end.
    std::fs::remove_file(copy.join("FORMAT")).unwrap();
    std::fs::write(copy.join("UNFINISHED"), "").unwrap();
    let is_unfinished = |result: Result<(), StoreError>| match result.unwrap_err() {
        StoreError::Format { found, .. } => {
            assert!(found.starts_with("an unfinished copy"), "{found}")
        }
        other => panic!("{other}"),
    };
    is_unfinished(SledStore::open(&copy).map(drop));
    is_unfinished(SledStore::rebuild_index(&copy).map(drop));
    // A copy that has FORMAT, and dies before it takes the mark away, is refused all the same.
    std::fs::write(copy.join("FORMAT"), "refrain-store/1\n").unwrap();
    is_unfinished(SledStore::open(&copy).map(drop));
}

#[test]
fn what_is_no_copy_is_not_restored() {
    let folder = scratch();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    for from in [&from, Path::new("/nonexistent")] {
        let error = SledStore::restore(from, &to).unwrap_err();
        assert!(matches!(error, StoreError::Format { .. }), "{error}");
    }
    assert!(!from.exists() && !to.exists());
}

#[test]
fn nothing_is_restored_over_a_store() {
    let sample = Sample::new();
    let copy = sample.folder.path().join("copy");
    let store = SledStore::open(&sample.path()).unwrap();
    store.backup(&copy).unwrap();
    set_ref(&store, "refs/0", Digest::of(b"moved"));
    drop(store);
    SledStore::restore(&copy, &sample.path()).unwrap_err();
    let store = SledStore::open(&sample.path()).unwrap();
    assert_eq!(store.get_ref("refs/0").unwrap(), Some(Digest::of(b"moved")));
}
