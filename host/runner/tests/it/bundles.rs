//! Bundles are files from strangers: whatever is in them, they are told apart and do no harm.

use proptest::prelude::*;
use refrain_domain::Digest;
use refrain_runner::{Control, ReplayOptions, VerifyReport, verify};

use crate::support::{finished, memory, runner};

/// A bundle taken apart: name and bytes of each entry.
type Entries = Vec<(String, Vec<u8>)>;

pub fn check(bundle: &[u8]) -> VerifyReport {
    let options = ReplayOptions { threads: 1, ..ReplayOptions::default() };
    verify(&mut &*bundle, options, &Control::default(), &mut |_| ()).expect("a report")
}

/// The bundle of a run that needs no component.
pub fn bundle() -> Vec<u8> {
    let runner = runner(&memory());
    let (id, _) = finished(&runner);
    let mut bytes = Vec::new();
    runner.bundle(&id, &mut bytes).expect("it can be bundled");
    bytes
}

pub fn entries(bundle: &[u8]) -> Entries {
    let mut tar = tar::Archive::new(bundle);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.expect("an entry");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).expect("its bytes");
        (String::from_utf8_lossy(&entry.path_bytes()).into_owned(), bytes)
    };
    tar.entries().expect("a tar file").map(read).collect()
}

pub fn tar_of(entries: &Entries) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in entries {
        let header = header(name, content.len() as u64, tar::EntryType::Regular);
        push_entry(&mut bytes, &header, content);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn header(name: &str, size: u64, kind: tar::EntryType) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

fn push_entry(bytes: &mut Vec<u8>, header: &tar::Header, content: &[u8]) {
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
}

/// Its complaint about entries that no bundle has.
fn complaint(entries: &Entries) -> String {
    let report = check(&tar_of(entries));
    assert!(!report.valid, "it was believed");
    report.problem.expect("a problem")
}

#[test]
fn a_bundle_is_valid_and_depends_on_its_run_alone() {
    let (first, second) = (bundle(), bundle());
    let report = check(&first);
    assert!(report.valid, "{report:?}");
    let replay = report.replay.expect("it was executed");
    assert_eq!(replay.steps_compared, 6);
    assert!(check(&tar_of(&entries(&first))).valid, "whoever wrote the headers");
    // The index tells when its run ran; all else is the same.
    assert_eq!(entries(&first)[1..], entries(&second)[1..]);
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let bundle = bundle();
    for at in (0..bundle.len()).step_by(211).chain(0..512) {
        let mut damaged = bundle.clone();
        damaged[at] ^= 1;
        let report = check(&damaged);
        assert!(!report.valid, "byte {at} was flipped");
        assert!(report.problem.is_some(), "byte {at} was flipped");
    }
}

#[test]
fn a_bundle_cut_short_is_not_valid() {
    let bundle = bundle();
    let end = bundle.len() - 1024;
    for len in (0..end).step_by(509).chain([0, 1, 511, 512, 513, end]) {
        let report = check(&bundle[..len]);
        assert!(!report.valid, "{len} of {} bytes", bundle.len());
    }
}

#[test]
fn entries_that_no_bundle_has_are_named() {
    let good = entries(&bundle());
    let with = |name: &str, content: &[u8]| {
        let mut more = good.clone();
        more.push((name.to_owned(), content.to_vec()));
        complaint(&more)
    };
    let (name, content) = good[1].clone();
    assert!(with(&name, &content).contains("is there twice"));
    let surplus = format!("artifacts/{}", Digest::of(b"surplus").to_hex());
    assert!(with(&surplus, b"surplus").contains("which its index does not name"));
    assert!(with("../etc/passwd", b"").contains("`../etc/passwd`, which is neither"));
    assert!(with("artifacts/not-hex", b"").contains("is no name of an artifact"));
    assert!(with(&good[0].0, &good[0].1).contains("is neither the index nor an artifact"));

    let missing = [&good[..3], &good[4..]].concat();
    let digest = good[3].0.replace("artifacts/", "blake3:");
    assert_eq!(complaint(&missing), format!("artifact {digest} is missing from the bundle"));
    assert!(complaint(&good[1..].to_vec()).contains("not with the index of a bundle"));
    assert!(complaint(&vec![]).contains("it has no index"));
}

#[test]
fn headers_that_promise_much_cost_nothing() {
    let good = bundle();
    let first = entries(&good)[0].clone();
    let mut links = Vec::new();
    push_entry(&mut links, &header(&first.0, 0, tar::EntryType::Symlink), b"");
    let report = check(&links);
    assert!(report.problem.expect("a problem").contains("is no plain file"));
    for kind in [tar::EntryType::GNUSparse, tar::EntryType::GNULongName, tar::EntryType::XHeader] {
        let mut odd = Vec::new();
        push_entry(&mut odd, &header("x", 8, kind), b"12345678");
        odd.extend_from_slice(&good);
        assert!(!check(&odd).valid, "{kind:?}");
    }
    // 8 GiB less a byte, the most that octal digits can say, and 2^63 in GNU's binary form.
    for size in [(8 << 30) - 1, 1 << 63] {
        let mut huge = Vec::new();
        push_entry(&mut huge, &header(&first.0, size, tar::EntryType::Regular), &first.1);
        let problem = check(&huge).problem.expect("a problem");
        assert!(problem.contains("it ends within bundle-"), "{problem}");
    }
    let mut behind = good.clone();
    behind.push(b'!');
    let problem = check(&behind).problem.expect("a problem");
    assert!(problem.contains("something stands behind its last artifact"), "{problem}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_only_not_valid(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(!check(&bytes).valid);
    }
}
