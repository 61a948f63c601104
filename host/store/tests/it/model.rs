//! Whatever is done in whatever order, the store on disk answers as the one in memory does.

use std::path::PathBuf;

use proptest::prelude::*;
use refrain_domain::Digest;
use refrain_store::{
    Artifacts, EventAppend, Events, GcOptions, MemoryStore, Memos, Publication, Publish, RefChange,
    Refs, SledStore, StoreError,
};

use crate::support::{assert_sound, noise, scratch};

#[derive(Debug, Clone)]
enum Operation {
    Stage(u8),
    Put(u8),
    Get(u8),
    Publish(Vec<Change>),
    Reopen,
    /// Closes it, and makes the index anew.
    Rebuild,
    /// With everything live.
    Collect,
    /// Goes on in a copy.
    Restore,
}

/// Names and values are drawn from few, so that they meet.
#[derive(Debug, Clone)]
enum Change {
    /// Expects what is there, or something else.
    Ref {
        name: u8,
        is_expected: bool,
        new: Option<u8>,
    },
    /// Expects a length, rightly or not, or any.
    Events {
        stream: u8,
        is_wrong: Option<bool>,
        events: Vec<u16>,
    },
    Memo {
        key: u8,
        len: u16,
    },
}

const NAMES: [&str; 4] = ["a", "a/b", "a/c", "b"];

const N_ARTIFACTS: u8 = 40;

fn bytes(n: u8) -> Vec<u8> {
    noise(u64::from(n), usize::from(n) * 40)
}

fn change() -> impl Strategy<Value = Change> {
    let name = 0..NAMES.len() as u8;
    prop_oneof![
        (name.clone(), prop::bool::weighted(0.9), prop::option::of(0..N_ARTIFACTS))
            .prop_map(|(name, is_expected, new)| Change::Ref { name, is_expected, new }),
        (
            name,
            prop::option::weighted(0.7, prop::bool::weighted(0.1)),
            prop::collection::vec(0..1300u16, 0..4)
        )
            .prop_map(|(stream, is_wrong, events)| Change::Events {
                stream,
                is_wrong,
                events
            }),
        (0..6u8, 0..1300u16).prop_map(|(key, len)| Change::Memo { key, len }),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (0..N_ARTIFACTS).prop_map(Operation::Stage),
        2 => (0..N_ARTIFACTS).prop_map(Operation::Put),
        2 => (0..N_ARTIFACTS).prop_map(Operation::Get),
        12 => prop::collection::vec(change(), 0..4).prop_map(Operation::Publish),
        2 => Just(Operation::Reopen),
        1 => Just(Operation::Rebuild),
        1 => Just(Operation::Collect),
        1 => Just(Operation::Restore),
    ]
}

/// What a publication says depends on what is there; both stores must have the same there.
fn publication(changes: &[Change], model: &MemoryStore) -> Publication {
    let mut publication = Publication::default();
    for change in changes {
        match change {
            Change::Ref { name, is_expected, new } => {
                let name = NAMES[usize::from(*name)].to_owned();
                let found = model.get_ref(&name).unwrap();
                let expected =
                    if *is_expected { found } else { Some(Digest::of(b"something else")) };
                let new = new.map(|n| Digest::of(&bytes(n)));
                publication.refs.push(RefChange { name, expected, new });
            }
            Change::Events { stream, is_wrong, events } => {
                let stream = NAMES[usize::from(*stream)].to_owned();
                let len = model.read_events(&stream, 0).unwrap().len() as u64;
                let expected_len = is_wrong.map(|is_wrong| len + u64::from(is_wrong));
                let events = events.iter().map(|len| noise(1, usize::from(*len))).collect();
                publication.events.push(EventAppend { stream, expected_len, events });
            }
            Change::Memo { key, len } => {
                publication.memos.push((vec![*key], noise(2, usize::from(*len))));
            }
        }
    }
    publication
}

/// An answer, in words that can be compared. `Missing` and the conflicts are answers too.
fn words<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("error: {error}"),
    }
}

/// The store on disk, the one in memory, and how far they may differ.
struct Pair {
    folder: tempfile::TempDir,
    path: PathBuf,
    disk: Option<SledStore>,
    memory: MemoryStore,
    n_copies: u32,
    is_rebuilt: bool,
}

impl Pair {
    fn new() -> Self {
        let folder = scratch();
        let path = folder.path().join("0");
        let disk = Some(SledStore::open(&path).unwrap());
        Self { folder, path, disk, memory: MemoryStore::new(), n_copies: 0, is_rebuilt: false }
    }

    fn disk(&self) -> &SledStore {
        self.disk.as_ref().unwrap()
    }

    /// Does it to both, which must answer alike.
    fn both<T: std::fmt::Debug>(&self, of: impl Fn(&dyn Publish) -> Result<T, StoreError>) {
        assert_eq!(words(&of(self.disk())), words(&of(&self.memory)));
    }

    fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Stage(n) => self.both(|store| store.stage(&bytes(*n))),
            Operation::Put(n) => self.both(|store| store.put(&bytes(*n))),
            Operation::Get(n) => self.both(|store| store.get(&Digest::of(&bytes(*n)))),
            Operation::Publish(changes) => {
                let publication = publication(changes, &self.memory);
                // Staged first, so that no ref leads nowhere.
                let targets = changes.iter().filter_map(|change| match change {
                    Change::Ref { new, .. } => *new,
                    _ => None,
                });
                targets.for_each(|n| self.both(|store| store.stage(&bytes(n))));
                self.both(|store| store.publish(&publication));
            }
            Operation::Collect => {
                let all = (0..N_ARTIFACTS).map(|n| Digest::of(&bytes(n))).collect();
                let options = GcOptions { garbage_share_min: 0.0, ..GcOptions::default() };
                self.disk().gc(&all, &options).unwrap();
            }
            Operation::Restore => {
                self.n_copies += 1;
                let copy = self.folder.path().join(self.n_copies.to_string());
                self.disk().backup(&copy).unwrap();
                self.path = copy;
                self.disk = Some(SledStore::open(&self.path).unwrap());
            }
            Operation::Reopen | Operation::Rebuild => {
                // Staged artifacts may go with the process; this one ends properly.
                self.disk().sync().unwrap();
                self.disk = None;
                if matches!(operation, Operation::Rebuild) {
                    SledStore::rebuild_index(&self.path).unwrap();
                    self.is_rebuilt = true;
                }
                self.disk = Some(SledStore::open(&self.path).unwrap());
            }
        }
    }

    fn assert_same(&self) {
        for prefix in ["", "a", "a/", "b", "c"] {
            self.both(|store| store.list_refs(prefix));
            self.both(|store| store.list_streams(prefix));
        }
        for name in NAMES {
            self.both(|store| store.get_ref(name));
            (0..3).for_each(|from| self.both(|store| store.read_events(name, from)));
        }
        for n in 0..N_ARTIFACTS {
            self.both(|store| store.size(&Digest::of(&bytes(n))));
            self.both(|store| store.get(&Digest::of(&bytes(n))));
        }
        for key in 0..6 {
            let found = self.disk().get_memo(&[key]).unwrap();
            // A memo may be lost with an index; one that is there must be right.
            if found.is_some() || !self.is_rebuilt {
                assert_eq!(found, self.memory.get_memo(&[key]).unwrap());
            }
        }
        assert_sound(self.disk());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_disk_answers_as_the_memory_does(
        operations in prop::collection::vec(operation(), 1..40),
    ) {
        let mut pair = Pair::new();
        operations.iter().for_each(|operation| pair.run(operation));
        pair.assert_same();
        pair.run(&Operation::Reopen);
        pair.assert_same();
    }
}
