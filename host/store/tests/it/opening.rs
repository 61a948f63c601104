//! Who may open what.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use refrain_store::{Artifacts, Publish, Refs, SledStore, StoreError};

use crate::support::{Sample, assert_sound, copy_folder, move_ref, noise, pack_files, scratch};

fn found(path: &Path) -> String {
    match SledStore::open(path).err().unwrap() {
        StoreError::Format { found, expected, .. } => {
            assert_eq!(expected, "refrain-store/1");
            found
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_folder_becomes_a_store_and_stays_one() {
    let folder = scratch();
    let path = folder.path().join("a/b/c"); // not there yet
    let store = SledStore::open(&path).unwrap();
    let digest = store.put(b"bytes").unwrap();
    drop(store);
    let store = SledStore::open(&path).unwrap();
    assert_eq!(*store.get(&digest).unwrap(), *b"bytes");
    assert_eq!(std::fs::read_to_string(path.join("FORMAT")).unwrap(), "refrain-store/1\n");
}

#[test]
fn a_creation_that_was_interrupted_goes_on() {
    let folder = scratch();
    drop(SledStore::open(folder.path()).unwrap());
    std::fs::remove_file(folder.path().join("FORMAT")).unwrap(); // it comes last
    let store = SledStore::open(folder.path()).unwrap();
    store.put(b"bytes").unwrap();
    assert_sound(&store);
}

#[test]
fn another_version_is_refused_and_left_alone() {
    let sample = Sample::new();
    let format = sample.path().join("FORMAT");
    std::fs::write(&format, "refrain-store/2\n").unwrap();
    assert_eq!(found(&sample.path()), "refrain-store/2");
    std::fs::write(&format, "refrain-store/1\n").unwrap();
    assert!(sample.are_names_right(&SledStore::open(&sample.path()).unwrap()));
}

#[test]
fn a_folder_of_something_else_is_refused_and_left_alone() {
    let folder = scratch();
    std::fs::write(folder.path().join("thesis.tex"), "chapter 1").unwrap();
    assert_eq!(found(folder.path()), "none: it holds `thesis.tex`");
    assert!(!folder.path().join("packs").exists());
}

#[test]
fn a_store_that_lost_a_part_is_not_taken_for_a_new_one() {
    let sample = Sample::new();
    let kept = sample.folder.path().join("kept");
    copy_folder(&sample.path(), &kept);
    std::fs::remove_file(kept.join("FORMAT")).unwrap();
    assert!(found(&kept).contains("its FORMAT file is gone"), "{}", found(&kept));
    std::fs::remove_dir_all(sample.path().join("index")).unwrap();
    assert!(found(&sample.path()).contains("rebuild-index"), "{}", found(&sample.path()));
    let report = SledStore::rebuild_index(&sample.path()).unwrap();
    assert_eq!((report.n_damaged, report.set_aside), (0, None));
    let store = SledStore::open(&sample.path()).unwrap();
    assert_eq!(sample.unserved(&store), []);
    assert!(sample.are_names_right(&store));
}

/// A copy of the index was put back from before a collection: it would lead to packs that are gone.
#[test]
fn an_index_that_is_older_than_the_packs_is_refused() {
    let sample = Sample::new();
    let old = sample.folder.path().join("old");
    copy_folder(&sample.path().join("index"), &old);
    let store = SledStore::open(&sample.path()).unwrap();
    let options =
        refrain_store::GcOptions { grace: std::time::Duration::ZERO, ..Default::default() };
    store.gc(&Default::default(), &options).unwrap();
    drop(store);
    assert!(!pack_files(&sample.path()).iter().any(|pack| pack.ends_with("00000000.pack")));
    std::fs::remove_dir_all(sample.path().join("index")).unwrap();
    copy_folder(&old, &sample.path().join("index"));
    let error = SledStore::open(&sample.path()).err().unwrap().to_string();
    assert!(error.contains("older than the packs") && error.contains("rebuild-index"), "{error}");
    SledStore::rebuild_index(&sample.path()).unwrap();
    assert!(sample.are_names_right(&SledStore::open(&sample.path()).unwrap()));
}

/// sled promises to survive a kill, and does not always.
#[test]
fn an_index_that_did_not_survive_a_kill_is_made_anew() {
    let sample = Sample::new();
    let lock = sample.path().join("lock");
    assert_eq!(std::fs::metadata(&lock).unwrap().len(), 0, "a store that was closed says so");
    let db = sample.path().join("index/db");
    let mut bytes = std::fs::read(&db).unwrap();
    bytes[16..].iter_mut().for_each(|byte| *byte ^= 0x55);
    std::fs::write(&db, bytes).unwrap();
    // As whoever was killed leaves it.
    std::fs::write(&lock, "4711").unwrap();
    let store = SledStore::open(&sample.path()).unwrap();
    assert_eq!(sample.unserved(&store), []);
    assert!(sample.are_names_right(&store));
    assert_sound(&store);
    drop(store);
    assert!(sample.path().join("index").is_dir());
}

#[test]
fn a_new_index_leaves_the_old_one_beside_it() {
    let sample = Sample::new();
    for number in 1..3 {
        let report = SledStore::rebuild_index(&sample.path()).unwrap();
        let aside = sample.path().join(format!("index.damaged-{number}"));
        assert_eq!(report.set_aside.as_deref(), Some(&*aside));
        assert!(aside.join("db").is_file());
        assert_eq!(report.n_artifacts, 8); // six put, a spilled event, a spilled memo
        let store = SledStore::open(&sample.path()).unwrap();
        assert!(sample.are_names_right(&store));
        assert_sound(&store);
    }
}

#[test]
fn a_rebuild_needs_a_store_and_has_it_alone() {
    let folder = scratch();
    let error = SledStore::rebuild_index(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Format { .. }), "{error}");
    let sample = Sample::new();
    let store = SledStore::open(&sample.path()).unwrap();
    let error = SledStore::rebuild_index(&sample.path()).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    assert!(sample.are_names_right(&store));
}

#[test]
fn a_second_value_in_this_process_is_told_so() {
    let folder = scratch();
    let _store = SledStore::open(folder.path()).unwrap();
    match SledStore::open(folder.path()).err().unwrap() {
        StoreError::InUse { pid, .. } => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{other}"),
    }
}

#[test]
fn another_process_is_named_and_frees_the_store_by_dying() {
    let folder = scratch();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "opening::holder"])
        .env("REFRAIN_STORE", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&mut child, "@open");
    match SledStore::open(folder.path()).err().unwrap() {
        error @ StoreError::InUse { pid, .. } => {
            assert_eq!(pid, Some(child.id()));
            assert!(error.to_string().ends_with(&format!("(process {})", child.id())), "{error}");
        }
        other => panic!("{other}"),
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    assert!(store.get_ref("held").unwrap().is_some());
}

fn wait_for(child: &mut Child, line: &str) {
    let stdout = child.stdout.as_mut().unwrap();
    let found = BufReader::new(stdout).lines().any(|l| l.unwrap().ends_with(line));
    assert!(found, "the process ended without saying {line}");
}

#[test]
#[ignore = "run by another test, in a process of its own"]
#[expect(clippy::print_stdout, reason = "it tells the other process where it is")]
fn holder() {
    let path = std::env::var_os("REFRAIN_STORE").unwrap();
    let store = SledStore::open(Path::new(&path)).unwrap();
    let digest = store.stage(&noise(1, 1000)).unwrap();
    store.publish(&move_ref("held", None, Some(digest))).unwrap();
    println!("@open");
    // Until the other end is closed, or this is killed.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
