//! A crate imports lower floors only.

use xtask::floors::violations;
use xtask::workspace::{Dependency, Package, Workspace};

fn crate_in(dir: &str, name: &str, imports: &[&str]) -> Package {
    let dependencies = imports.iter().map(|import| match import.strip_prefix("dev:") {
        Some(name) => Dependency { name: name.to_owned(), is_dev: true },
        None => Dependency { name: (*import).to_owned(), is_dev: false },
    });
    Package { name: name.to_owned(), dir: dir.to_owned(), dependencies: dependencies.collect() }
}

/// What the floors say to one crate with these imports, in a workspace with all others.
fn check(dir: &str, name: &str, imports: &[&str]) -> Vec<String> {
    let others = ["domain", "store", "sandbox", "data", "runner", "api", "cli", "testkit", "sdk"];
    let mut packages = vec![
        crate_in("plugins/derive", "derive", &["refrain-sdk"]),
        crate_in("plugins/impute", "impute", &["refrain-sdk"]),
        crate_in("host/xtask", "xtask", &["anyhow"]),
    ];
    packages.extend(others.map(|name| crate_in("host", &format!("refrain-{name}"), &[])));
    packages.retain(|package| package.name != name);
    packages.push(crate_in(dir, name, imports));
    violations(&packages)
}

#[test]
fn no_import_climbs() {
    let workspace = Workspace::load().unwrap();
    assert!(workspace.packages.len() > 10, "cargo metadata lost the workspace");
    assert_eq!(violations(&workspace.packages), Vec::<String>::new());
}

#[test]
fn lower_floors_are_open() {
    let all = ["refrain-domain", "refrain-store", "refrain-sandbox", "refrain-data"];
    assert!(check("host/runner", "refrain-runner", &all).is_empty());
    assert!(
        check("host/store", "refrain-store", &["refrain-domain", "dev:refrain-testkit"]).is_empty()
    );
    assert!(check("tests", "refrain-tests", &["dev:refrain-cli", "dev:refrain-sdk"]).is_empty());
}

#[test]
fn an_import_that_climbs_is_named() {
    assert_eq!(
        check("host/data", "refrain-data", &["refrain-domain", "refrain-runner"]),
        ["refrain-data must not import refrain-runner"]
    );
}

#[test]
fn crates_of_one_floor_never_see_each_other() {
    assert_eq!(
        check("host/store", "refrain-store", &["refrain-sandbox"]),
        ["refrain-store must not import refrain-sandbox"]
    );
    assert_eq!(
        check("host/sandbox", "refrain-sandbox", &["dev:refrain-store"]),
        ["refrain-sandbox must not in its tests import refrain-store"]
    );
}

#[test]
fn fakes_never_ship() {
    assert_eq!(
        check("host/runner", "refrain-runner", &["refrain-testkit"]),
        ["refrain-runner must not import refrain-testkit"]
    );
}

#[test]
fn plugins_and_chores_know_nothing_of_the_host() {
    assert_eq!(
        check("plugins/derive", "derive", &["refrain-sdk", "refrain-domain", "impute"]),
        ["derive must not import refrain-domain", "derive must not import impute"]
    );
    assert_eq!(
        check("host/xtask", "xtask", &["anyhow", "refrain-domain"]),
        ["xtask must not import refrain-domain"]
    );
}

#[test]
fn engines_stay_behind_their_crate() {
    for (name, import) in [
        ("refrain-runner", "wasmtime"),
        ("refrain-benches", "wasmtime-wasi"),
        ("refrain-data", "sled"),
        ("refrain-data", "cap-std"),
        ("refrain-runner", "axum"),
        ("refrain-domain", "tokio"),
        ("refrain-domain", "dev:tokio"),
        ("refrain-runner", "anyhow"),
    ] {
        assert_eq!(check("host", name, &[import]).len(), 1, "{name} imports {import}");
    }
    assert!(check("host", "refrain-sandbox", &["wasmtime", "wasmtime-wasi"]).is_empty());
}

#[test]
fn a_crate_without_a_floor_is_refused() {
    assert_eq!(
        check("host/serving", "refrain-serving", &["refrain-domain"]),
        ["refrain-serving has no floor: give it one in floors.rs"]
    );
}
