//! What several suites need: folders, bytes, publications.

use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use refrain_domain::Digest;
use refrain_store::{
    Artifacts, EventAppend, Events, Publication, Publish, RefChange, Refs, SledStore, StoreError,
};

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

/// A record of a pack, read as `STORE_FORMAT.md` says and not by the store's own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub offset: u64,
    /// The first byte after it.
    pub end: u64,
    pub is_artifact: bool,
    pub digest: Digest,
}

/// The records of a pack without damage.
pub fn records(pack: &[u8]) -> Vec<Record> {
    let number = |at: usize| u64::from_le_bytes(pack[at..at + 8].try_into().unwrap());
    let mut records = Vec::new();
    let mut offset = 0;
    while offset < pack.len() {
        assert_eq!(&pack[offset..offset + 4], b"RFR1", "at {offset}");
        let end = offset + 64 + usize::try_from(number(offset + 16)).unwrap();
        let digest = Digest::from_bytes(pack[offset + 24..offset + 56].try_into().unwrap());
        let is_artifact = pack[offset + 5] == 0;
        records.push(Record { offset: offset as u64, end: end as u64, is_artifact, digest });
        offset = end.next_multiple_of(64);
    }
    records
}

/// A small store with one of everything, and what is in it.
pub struct Sample {
    pub folder: tempfile::TempDir,
    pub artifacts: Vec<Vec<u8>>,
    pub refs: Vec<(String, Digest)>,
    pub events: Vec<Vec<u8>>,
}

impl Sample {
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Makes the store and closes it.
    pub fn new() -> Self {
        let folder = scratch();
        let store = SledStore::open(&folder.path().join("store")).unwrap();
        let mut artifacts = vec![vec![], noise(1, SMALL), noise(2, 700), noise(3, 5000)];
        artifacts.push(pattern(4, 20_000)); // compressed
        let mut events = vec![b"small".to_vec(), noise(5, 1500)]; // the second is spilled
        let digests: Vec<Digest> =
            artifacts.iter().map(|bytes| store.stage(bytes).unwrap()).collect();
        for (number, digest) in digests.iter().enumerate() {
            store.publish(&move_ref(&format!("refs/{number}"), None, Some(*digest))).unwrap();
        }
        let slices: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
        store.publish(&append("runs/1", Some(0), &slices)).unwrap();
        artifacts.push(noise(6, 300));
        store.stage(&artifacts[5]).unwrap();
        store.publish(&append("runs/1", Some(2), &[b"last"])).unwrap();
        events.push(b"last".to_vec());
        store.publish(&memo(b"key", &noise(7, 1200))).unwrap();
        let refs = store.list_refs("").unwrap();
        Self { folder, artifacts, refs, events }
    }

    /// The artifacts that are not served. Whatever is served must be right.
    pub fn unserved(&self, store: &SledStore) -> Vec<Digest> {
        let mut unserved = Vec::new();
        for bytes in &self.artifacts {
            let digest = Digest::of(bytes);
            match store.get(&digest) {
                Ok(found) => assert_eq!(*found, **bytes),
                Err(StoreError::Corrupt { .. } | StoreError::Missing { .. }) => {
                    unserved.push(digest)
                }
                Err(other) => panic!("{other}"),
            }
        }
        unserved
    }

    /// Whether refs and events are as they were; events that cannot be read are not wrong ones.
    pub fn are_names_right(&self, store: &SledStore) -> bool {
        store.list_refs("").is_ok_and(|refs| refs == self.refs)
            && store.list_streams("").is_ok_and(|streams| streams == [("runs/1".to_owned(), 3)])
            && store.read_events("runs/1", 0).is_ok_and(|events| events == self.events)
    }
}
