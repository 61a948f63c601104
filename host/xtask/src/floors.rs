//! The floors: which crate may import which.
//!
//! Invariant: a crate of the host imports strictly lower floors, so crates of one floor never see
//! each other (`store` and `sandbox` above all), and what a crate promises not to know — wasmtime,
//! sled, a web framework — it cannot import either.

use crate::workspace::Package;

/// Host crates, lowest first.
const FLOORS: &[(&str, u8)] = &[
    ("refrain-domain", 0),
    ("refrain-store", 1),
    ("refrain-sandbox", 1),
    ("refrain-data", 1),
    ("refrain-toolchain", 1),
    ("refrain-distribution", 1),
    ("refrain-admission", 2),
    ("refrain-authoring", 3),
    ("refrain-runner", 3),
    ("refrain-api", 4),
    ("refrain-cli", 5),
];

/// Crates that never ship: they see all floors.
const DEV: &[&str] = &["refrain-testkit", "refrain-tests", "refrain-benches"];

/// The only dev crate that host crates may use, and in their tests alone.
const TESTKIT: &str = "refrain-testkit";

/// Chores build before anything else, so they import nothing of ours but what builds plugins.
const CHORES: &str = "xtask";

/// What builds plugins; it imports none of ours either.
const TOOLCHAIN: &str = "refrain-toolchain";

/// What plugins are written with.
const SDK: &str = "refrain-sdk";

/// Foreign crates, by the beginning of their name, and the only crates of ours that may import
/// them.
const OWNERS: &[(&str, &[&str])] = &[
    ("wasmtime", &["refrain-sandbox"]),
    ("sled", &["refrain-store"]),
    ("cap-std", &["refrain-store", "refrain-sandbox"]),
    ("arrow-", &["refrain-data", "refrain-benches"]),
    ("parquet", &["refrain-data", "refrain-benches"]),
    ("axum", &["refrain-api", "refrain-cli"]),
    (
        "tokio",
        &["refrain-distribution", "refrain-runner", "refrain-api", "refrain-cli", "refrain-tests"],
    ),
    ("oci-", &["refrain-distribution"]),
    ("clap", &["refrain-cli"]),
    ("anyhow", &["refrain-cli", "xtask"]),
];

/// Where a crate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Floor(u8),
    Dev,
    Chores,
    Sdk,
    Plugin,
}

/// Every import that the floors forbid, as sentences. Empty: all is well.
pub fn violations(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages {
        let Some(place) = place(package) else {
            complaints.push(format!("{} has no floor: give it one in floors.rs", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = packages.iter().find(|package| package.name == dependency.name);
            let is_allowed = match ours.map(self::place) {
                Some(Some(target)) => {
                    may_import(place, target, &dependency.name, dependency.is_dev)
                }
                // It has no floor, and that was said above.
                Some(None) => true,
                None => is_owner(&package.name, &dependency.name),
            };
            if !is_allowed {
                let kind = if dependency.is_dev { "in its tests " } else { "" };
                complaints
                    .push(format!("{} must not {kind}import {}", package.name, dependency.name));
            }
        }
    }
    complaints
}

fn place(package: &Package) -> Option<Place> {
    let name = package.name.as_str();
    if let Some((_, floor)) = FLOORS.iter().find(|(crate_name, _)| *crate_name == name) {
        return Some(Place::Floor(*floor));
    }
    match name {
        _ if DEV.contains(&name) => Some(Place::Dev),
        CHORES => Some(Place::Chores),
        SDK => Some(Place::Sdk),
        _ if is_guest(&package.dir) => Some(Place::Plugin),
        _ => None,
    }
}

fn is_guest(dir: &str) -> bool {
    ["plugins/", "sdk/rust/examples/", "tests/guests/"].iter().any(|folder| dir.starts_with(folder))
}

fn may_import(importer: Place, target: Place, target_name: &str, is_dev: bool) -> bool {
    match (importer, target) {
        (Place::Floor(importer), Place::Floor(target)) => target < importer,
        (Place::Floor(_), Place::Dev) => is_dev && target_name == TESTKIT,
        (Place::Dev, _) => target != Place::Chores,
        (Place::Plugin, Place::Sdk) => true,
        (Place::Chores, _) => target_name == TOOLCHAIN,
        _ => false,
    }
}

fn is_owner(importer: &str, foreign: &str) -> bool {
    let owners = OWNERS.iter().find(|(prefix, _)| foreign.starts_with(prefix));
    owners.is_none_or(|(_, owners)| owners.contains(&importer))
}
