//! The fuzz targets' seeds, each given to its target: a seed that makes one panic is a bug that was
//! found once and is back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use refrain_tests::fuzz;

use crate::support::{entries, stem};

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 8] = [
    ("blocks", fuzz::blocks),
    ("columns", fuzz::columns),
    ("component", fuzz::component),
    ("csv", fuzz::csv),
    ("manifest", fuzz::manifest),
    ("ndjson", fuzz::ndjson),
    ("pipeline", fuzz::pipeline),
    ("project", fuzz::project),
];

/// A seed is a start, not a load: what is larger is mutated slowly.
const SEED_BYTES_MAX: usize = 8 << 10;

#[test]
fn every_seed_goes_through_its_target() {
    for (name, target) in TARGETS {
        let seeds = entries(&fuzz_dir().join("seeds").join(name));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for path in seeds {
            let bytes = std::fs::read(&path).expect("a readable file");
            assert!(bytes.len() <= SEED_BYTES_MAX, "{}: {} bytes", path.display(), bytes.len());
            let result = std::panic::catch_unwind(|| target(&bytes));
            assert!(result.is_ok(), "{} made `{name}` panic", path.display());
        }
    }
}

#[test]
fn every_target_has_seeds_and_every_seed_a_target() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let names = |folder: &str| -> BTreeSet<String> {
        entries(&fuzz_dir().join(folder)).iter().map(|path| stem(path)).collect()
    };
    assert_eq!(names("targets"), known);
    assert_eq!(names("seeds"), known);
}

fn fuzz_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}
