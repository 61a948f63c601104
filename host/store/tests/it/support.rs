//! What several suites need: folders, bytes, publications.

use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use refrain_domain::Digest;
use refrain_store::{EventAppend, Publication, Publish, RefChange, SledStore};

/// An artifact whose record is one slot of a pack, header and all.
pub const SMALL: usize = 60;

/// A folder in memory where there is one: these tests are about bytes, not about a disk's speed.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.unwrap()
}

/// Bytes that do not compress, the same for the same seed.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// Bytes that compress well, different for different seeds.
pub fn pattern(seed: u64, len: usize) -> Vec<u8> {
    let line = format!("{seed:08} retraining you can replay;");
    line.bytes().cycle().take(len).collect()
}

pub fn move_ref(name: &str, expected: Option<Digest>, new: Option<Digest>) -> Publication {
    let change = RefChange { name: name.to_owned(), expected, new };
    Publication { refs: vec![change], ..Publication::default() }
}

pub fn append(stream: &str, expected_len: Option<u64>, events: &[&[u8]]) -> Publication {
    let events = events.iter().map(|event| event.to_vec()).collect();
    let append = EventAppend { stream: stream.to_owned(), expected_len, events };
    Publication { events: vec![append], ..Publication::default() }
}

pub fn memo(key: &[u8], value: &[u8]) -> Publication {
    Publication { memos: vec![(key.to_vec(), value.to_vec())], ..Publication::default() }
}

/// Sets a ref to where it is to be, wherever it was.
pub fn set_ref(store: &dyn Publish, name: &str, to: Digest) {
    let from = store.get_ref(name).unwrap();
    store.publish(&move_ref(name, from, Some(to))).unwrap();
}

/// A store is sound if its own check says so.
pub fn assert_sound(store: &SledStore) {
    let report = store.fsck().unwrap();
    assert_eq!(report.faults, [], "{} artifacts verified", report.n_verified);
}

/// The pack files of a store, by number.
pub fn pack_files(store: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(store.join("packs")).unwrap();
    let mut packs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    packs.sort();
    packs
}

/// Copies a folder that nobody has open.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
