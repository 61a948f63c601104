//! What every store must do. Each check runs on each implementation.

use std::sync::Barrier;

use refrain_domain::Digest;
use refrain_store::{
    EventAppend, MemoryStore, Publication, Publish, RefChange, SledStore, StoreError,
};

use crate::support::{append, memo, move_ref, noise, pattern, scratch};

macro_rules! contract {
    ($($check:ident),* $(,)?) => {
        mod memory {
            $(#[test] fn $check() { super::$check(&super::MemoryStore::new()); })*
        }
        mod sled {
            $(#[test] fn $check() {
                let folder = super::scratch();
                let store = super::SledStore::open(folder.path()).unwrap();
                super::$check(&store);
                crate::support::assert_sound(&store);
            })*
        }
    };
}

contract! {
    artifacts_of_every_size_come_back,
    what_is_staged_can_be_read_at_once,
    the_same_bytes_are_the_same_artifact,
    what_nobody_put_is_missing,
    refs_move_only_from_where_they_were_seen,
    refs_can_be_removed_and_made_again,
    a_ref_may_move_twice_in_one_publication,
    refs_are_listed_by_prefix_in_order,
    events_are_numbered_in_order,
    streams_grow_only_from_the_length_that_was_seen,
    appends_see_those_before_them_in_the_same_publication,
    nothing_appended_makes_no_stream,
    streams_whose_names_begin_alike_do_not_mix,
    events_of_every_size_come_back,
    streams_are_listed_by_prefix_in_order,
    memos_are_replaced,
    memos_of_every_size_come_back,
    an_empty_publication_changes_nothing,
    a_conflict_anywhere_leaves_everything_as_it_was,
    what_was_staged_before_a_conflict_stays,
    of_many_publishers_each_wins_once,
    readers_see_a_publication_whole,
}

/// With the reason for each.
const SIZES: [usize; 12] = [
    0,               // nothing at all
    1,               // something
    63,              // one byte less than a slot of a pack
    64,              // a slot
    65,              // one byte into the next
    1024,            // the longest value that the index keeps itself
    1025,            // spilled
    4095,            // too short to be compressed
    4096,            // long enough
    64 << 10,        // header and bytes in one write
    (64 << 10) + 1,  // in two
    (1 << 20) + 333, // a chunk's column
];

fn artifacts_of_every_size_come_back(store: &dyn Publish) {
    for bytes in SIZES.iter().flat_map(|len| [noise(1, *len), pattern(1, *len)]) {
        let digest = store.put(&bytes).unwrap();
        assert_eq!(digest, Digest::of(&bytes));
        assert_eq!(*store.get(&digest).unwrap(), *bytes);
        assert_eq!(store.size(&digest).unwrap(), Some(bytes.len() as u64));
    }
}

fn what_is_staged_can_be_read_at_once(store: &dyn Publish) {
    for len in SIZES {
        let bytes = noise(2, len);
        let digest = store.stage(&bytes).unwrap();
        assert_eq!(*store.get(&digest).unwrap(), *bytes);
        assert_eq!(store.size(&digest).unwrap(), Some(len as u64));
    }
    store.sync().unwrap();
    store.sync().unwrap(); // nothing left to do
    assert_eq!(*store.get(&Digest::of(&noise(2, 65))).unwrap(), *noise(2, 65));
}

fn the_same_bytes_are_the_same_artifact(store: &dyn Publish) {
    let bytes = noise(3, 5000);
    let staged = store.stage(&bytes).unwrap();
    assert_eq!(store.stage(&bytes).unwrap(), staged);
    store.sync().unwrap();
    assert_eq!(store.put(&bytes).unwrap(), staged);
    assert_eq!(*store.get(&staged).unwrap(), *bytes);
}

fn what_nobody_put_is_missing(store: &dyn Publish) {
    let digest = Digest::of(b"nobody put this");
    let error = store.get(&digest).unwrap_err();
    assert!(matches!(error, StoreError::Missing { digest: d } if d == digest), "{error}");
    assert_eq!(store.size(&digest).unwrap(), None);
    assert_eq!(store.get_ref("nobody").unwrap(), None);
    assert_eq!(store.read_events("nobody", 0).unwrap(), Vec::<Vec<u8>>::new());
    assert_eq!(store.get_memo(b"nobody").unwrap(), None);
}

fn refs_move_only_from_where_they_were_seen(store: &dyn Publish) {
    let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| store.put(bytes).unwrap());
    store.publish(&move_ref("m", None, Some(a))).unwrap();
    for wrong in [None, Some(b), Some(c)] {
        match store.publish(&move_ref("m", wrong, Some(c))).unwrap_err() {
            StoreError::Conflict { name, expected, found } => {
                assert_eq!((name.as_str(), expected, found), ("m", wrong, Some(a)));
            }
            other => panic!("{other}"),
        }
        assert_eq!(store.get_ref("m").unwrap(), Some(a));
    }
    store.publish(&move_ref("m", Some(a), Some(b))).unwrap();
    assert_eq!(store.get_ref("m").unwrap(), Some(b));
    let error = store.publish(&move_ref("new", Some(a), Some(b))).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { found: None, .. }), "{error}");
}

fn refs_can_be_removed_and_made_again(store: &dyn Publish) {
    let a = store.put(b"a").unwrap();
    store.publish(&move_ref("m", None, Some(a))).unwrap();
    store.publish(&move_ref("m", Some(a), None)).unwrap();
    assert_eq!(store.get_ref("m").unwrap(), None);
    assert_eq!(store.list_refs("").unwrap(), []);
    store.publish(&move_ref("m", None, None)).unwrap(); // it is not there, and still is not
    store.publish(&move_ref("m", None, Some(a))).unwrap();
    assert_eq!(store.get_ref("m").unwrap(), Some(a));
}

fn a_ref_may_move_twice_in_one_publication(store: &dyn Publish) {
    let [a, b] = [b"a", b"b"].map(|bytes| store.put(bytes).unwrap());
    let change = |expected, new| RefChange { name: "m".to_owned(), expected, new };
    let refs = vec![change(None, Some(a)), change(Some(a), Some(b))];
    store.publish(&Publication { refs, ..Publication::default() }).unwrap();
    assert_eq!(store.get_ref("m").unwrap(), Some(b));
    // The second change does not see what was before the first.
    let refs = vec![change(Some(b), Some(a)), change(Some(b), None)];
    let error = store.publish(&Publication { refs, ..Publication::default() }).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { found: Some(f), .. } if f == a), "{error}");
    assert_eq!(store.get_ref("m").unwrap(), Some(b));
}

fn refs_are_listed_by_prefix_in_order(store: &dyn Publish) {
    let a = store.put(b"a").unwrap();
    // "models0" sorts right behind everything that begins with "models/".
    for name in ["models/b", "models0", "models/a", "models", "models/ä", "x"] {
        store.publish(&move_ref(name, None, Some(a))).unwrap();
    }
    let names = |prefix| -> Vec<String> {
        store.list_refs(prefix).unwrap().into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names("models/"), ["models/a", "models/b", "models/ä"]);
    assert_eq!(names("models"), ["models", "models/a", "models/b", "models/ä", "models0"]);
    assert_eq!(names("").len(), 6);
    assert_eq!(names("y"), Vec::<String>::new());
    assert_eq!(store.list_refs("x").unwrap(), [("x".to_owned(), a)]);
}

fn events_are_numbered_in_order(store: &dyn Publish) {
    store.publish(&append("runs/1", Some(0), &[b"0", b"1", b"2"])).unwrap();
    store.publish(&append("runs/1", Some(3), &[b"3"])).unwrap();
    store.publish(&append("runs/1", None, &[b"4"])).unwrap();
    for from in 0..=5 {
        let read = store.read_events("runs/1", from).unwrap();
        let expected: Vec<Vec<u8>> = (from..5).map(|n| n.to_string().into_bytes()).collect();
        assert_eq!(read, expected, "from {from}");
    }
    assert_eq!(store.read_events("runs/1", u64::MAX).unwrap(), Vec::<Vec<u8>>::new());
    // More than one digit, so that an order by text would show.
    let many: Vec<Vec<u8>> = (5..300u32).map(|n| n.to_string().into_bytes()).collect();
    let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    store.publish(&append("runs/1", Some(5), &many)).unwrap();
    let read = store.read_events("runs/1", 254).unwrap();
    assert_eq!((read.len(), &read[0][..], &read[3][..]), (46, &b"254"[..], &b"257"[..]));
}

fn streams_grow_only_from_the_length_that_was_seen(store: &dyn Publish) {
    store.publish(&append("s", Some(0), &[b"a"])).unwrap();
    for wrong in [0, 2, u64::MAX] {
        match store.publish(&append("s", Some(wrong), &[b"b"])).unwrap_err() {
            StoreError::StreamConflict { stream, expected, found } => {
                assert_eq!((stream.as_str(), expected, found), ("s", wrong, 1));
            }
            other => panic!("{other}"),
        }
    }
    // An expectation counts even where nothing is appended.
    assert!(store.publish(&append("s", Some(7), &[])).is_err());
    assert_eq!(store.list_streams("").unwrap(), [("s".to_owned(), 1)]);
}

fn appends_see_those_before_them_in_the_same_publication(store: &dyn Publish) {
    let part = |expected_len, event: &[u8]| EventAppend {
        stream: "s".to_owned(),
        expected_len,
        events: vec![event.to_vec()],
    };
    let events = vec![part(Some(0), b"a"), part(Some(1), b"b"), part(None, b"c")];
    store.publish(&Publication { events, ..Publication::default() }).unwrap();
    assert_eq!(store.read_events("s", 0).unwrap(), [b"a", b"b", b"c"]);
    let events = vec![part(Some(3), b"d"), part(Some(3), b"e")];
    let error = store.publish(&Publication { events, ..Publication::default() }).unwrap_err();
    assert!(matches!(error, StoreError::StreamConflict { found: 4, .. }), "{error}");
    assert_eq!(store.read_events("s", 0).unwrap().len(), 3);
}

fn nothing_appended_makes_no_stream(store: &dyn Publish) {
    store.publish(&append("s", Some(0), &[])).unwrap();
    assert_eq!(store.list_streams("").unwrap(), []);
    store.publish(&append("s", None, &[b""])).unwrap(); // an empty event is an event
    assert_eq!(store.read_events("s", 0).unwrap(), [b""]);
}

fn streams_whose_names_begin_alike_do_not_mix(store: &dyn Publish) {
    // Each name is the beginning of the next; the last two hold bytes that a number could be.
    let names = ["", "a", "ab", "ab\0", "ab\0\0\0\0\0\0\0\0\u{1}"];
    for (name, n_events) in names.iter().zip(1..) {
        let events: Vec<&[u8]> = vec![name.as_bytes(); n_events];
        store.publish(&append(name, Some(0), &events)).unwrap();
    }
    for (name, n_events) in names.iter().zip(1..) {
        let read = store.read_events(name, 0).unwrap();
        assert_eq!(read, vec![name.as_bytes().to_vec(); n_events], "{name:?}");
    }
}

fn events_of_every_size_come_back(store: &dyn Publish) {
    let events: Vec<Vec<u8>> = SIZES.iter().map(|len| noise(4, *len)).collect();
    let slices: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
    store.publish(&append("s", Some(0), &slices)).unwrap();
    assert_eq!(store.read_events("s", 0).unwrap(), events);
}

fn streams_are_listed_by_prefix_in_order(store: &dyn Publish) {
    for (name, n_events) in [("runs/b", 2), ("runs/a", 1), ("runs0", 3), ("run", 4)] {
        store.publish(&append(name, None, &vec![&b"e"[..]; n_events])).unwrap();
    }
    let list = |prefix| store.list_streams(prefix).unwrap();
    let entry = |name: &str, len| (name.to_owned(), len);
    assert_eq!(list("runs/"), [entry("runs/a", 1), entry("runs/b", 2)]);
    let all = [entry("run", 4), entry("runs/a", 1), entry("runs/b", 2), entry("runs0", 3)];
    assert_eq!(list(""), all);
    assert_eq!(list("s"), []);
}

fn memos_are_replaced(store: &dyn Publish) {
    store.publish(&memo(b"k", b"1")).unwrap();
    store.publish(&memo(b"k", b"2")).unwrap();
    assert_eq!(store.get_memo(b"k").unwrap(), Some(b"2".to_vec()));
    assert_eq!(store.get_memo(b"").unwrap(), None);
    let memos = [(&b"k"[..], &b"3"[..]), (b"k", b"4"), (b"", b"")];
    let memos = memos.map(|(key, value)| (key.to_vec(), value.to_vec())).to_vec();
    store.publish(&Publication { memos, ..Publication::default() }).unwrap();
    assert_eq!(store.get_memo(b"k").unwrap(), Some(b"4".to_vec())); // the last word
    assert_eq!(store.get_memo(b"").unwrap(), Some(vec![]));
}

fn memos_of_every_size_come_back(store: &dyn Publish) {
    for len in SIZES {
        let (key, value) = (len.to_string().into_bytes(), noise(5, len));
        store.publish(&memo(&key, &value)).unwrap();
        assert_eq!(store.get_memo(&key).unwrap(), Some(value));
    }
}

fn an_empty_publication_changes_nothing(store: &dyn Publish) {
    let staged = store.stage(b"staged").unwrap();
    store.publish(&Publication::default()).unwrap();
    assert_eq!(store.list_refs("").unwrap(), []);
    assert_eq!(store.list_streams("").unwrap(), []);
    assert_eq!(*store.get(&staged).unwrap(), *b"staged");
}

fn a_conflict_anywhere_leaves_everything_as_it_was(store: &dyn Publish) {
    let a = store.put(b"a").unwrap();
    store.publish(&move_ref("old", None, Some(a))).unwrap();
    let change = |name: &str| RefChange { name: name.to_owned(), expected: None, new: Some(a) };
    let append = |expected_len| EventAppend {
        stream: "s".to_owned(),
        expected_len,
        events: vec![b"e".to_vec()],
    };
    let memos = vec![(b"k".to_vec(), b"v".to_vec())];
    let late_ref = Publication {
        refs: vec![change("new"), change("old")],
        events: vec![append(None)],
        memos: memos.clone(),
    };
    let late_stream = Publication {
        refs: vec![change("new")],
        events: vec![append(Some(0)), append(Some(0))],
        memos,
    };
    for publication in [late_ref, late_stream] {
        store.publish(&publication).unwrap_err();
        assert_eq!(store.list_refs("").unwrap(), [("old".to_owned(), a)]);
        assert_eq!(store.list_streams("").unwrap(), []);
        assert_eq!(store.get_memo(b"k").unwrap(), None);
    }
}

fn what_was_staged_before_a_conflict_stays(store: &dyn Publish) {
    let staged = store.stage(&noise(6, 3000)).unwrap();
    store.publish(&move_ref("m", Some(staged), None)).unwrap_err();
    assert_eq!(*store.get(&staged).unwrap(), *noise(6, 3000));
    store.publish(&move_ref("m", None, Some(staged))).unwrap();
    assert_eq!(*store.get(&staged).unwrap(), *noise(6, 3000));
}

/// A counter that several threads raise by compare-and-set: no rise is lost, none counts twice.
fn of_many_publishers_each_wins_once(store: &dyn Publish) {
    const N_THREADS: u64 = 4;
    const N_EACH: u64 = 25;
    let start = Barrier::new(N_THREADS as usize);
    std::thread::scope(|scope| {
        for thread in 0..N_THREADS {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                for n in 0..N_EACH {
                    raise(store, &noise(thread * 1000 + n, 700));
                }
            });
        }
    });
    let won = store.read_events("won", 0).unwrap();
    assert_eq!(won.len() as u64, N_THREADS * N_EACH);
    let last = Digest::of(won.last().unwrap());
    assert_eq!(store.get_ref("counter").unwrap(), Some(last));
    let distinct: std::collections::BTreeSet<&Vec<u8>> = won.iter().collect();
    assert_eq!(distinct.len(), won.len());
}

/// Tries until nobody was faster. The event is the artifact, so ref and stream can be compared.
fn raise(store: &dyn Publish, bytes: &[u8]) {
    loop {
        let digest = store.stage(bytes).unwrap();
        let mut publication = move_ref("counter", store.get_ref("counter").unwrap(), Some(digest));
        publication.events = append("won", None, &[bytes]).events;
        match store.publish(&publication) {
            Ok(()) => return,
            Err(StoreError::Conflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

/// Two refs that always move together are never seen apart: the one that is read first is never
/// ahead of the other.
fn readers_see_a_publication_whole(store: &dyn Publish) {
    const N_MOVES: u8 = 60;
    let digests: Vec<Digest> = (0..N_MOVES).map(|n| store.stage(&[n]).unwrap()).collect();
    let at = |name| -> Option<usize> {
        let found = store.get_ref(name).unwrap()?;
        digests.iter().position(|digest| *digest == found)
    };
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for (n, new) in digests.iter().enumerate() {
                let expected = n.checked_sub(1).map(|before| digests[before]);
                let change =
                    |name: &str| RefChange { name: name.to_owned(), expected, new: Some(*new) };
                let refs = vec![change("left"), change("right")];
                store.publish(&Publication { refs, ..Publication::default() }).unwrap();
            }
        });
        while !writer.is_finished() {
            let (left, right) = (at("left"), at("right"));
            assert!(left <= right, "left was at {left:?}, right later at {right:?}");
        }
    });
    assert_eq!((at("left"), at("right")), (Some(59), Some(59)));
}
