//! A released contract never changes, and parses.

use xtask::wit;
use xtask::workspace::Workspace;

#[test]
fn released_contracts_are_what_was_released() {
    let root = Workspace::load().unwrap().root;
    assert_eq!(wit::violations(&root).unwrap(), Vec::<String>::new());
}

#[test]
fn every_contract_parses_and_holds_one_world() {
    let root = Workspace::load().unwrap().root;
    let contracts = wit::contracts(&root).unwrap();
    let (types, roles): (Vec<_>, Vec<_>) =
        contracts.iter().partition(|(name, _)| name.starts_with("types/"));
    assert!(!types.is_empty() && !roles.is_empty());

    let mut resolve = wit_parser::Resolve::default();
    // The types first: every other package names them.
    for (name, dir) in types.iter().chain(&roles) {
        let (package, _) =
            resolve.push_dir(dir).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let package = &resolve.packages[package];
        let version = package.name.version.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(format!("{}/{version}", package.name.name), **name, "named after its folder");
        assert_eq!(package.name.namespace, "refrain");
        let worlds = usize::from(!name.starts_with("types/"));
        assert_eq!(package.worlds.len(), worlds, "{name}");
    }
}

#[test]
fn a_changed_a_new_and_a_lost_contract_are_named() {
    let root = tempfile::tempdir().unwrap();
    let wit_file = |contract: &str, text: &str| {
        let dir = root.path().join("wit").join(contract);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("a.wit"), text).unwrap();
    };
    wit_file("transform/0.1.0", "one");
    wit_file("drift/0.1.0", "two");
    assert_eq!(wit::freeze(root.path()).unwrap(), ["drift/0.1.0", "transform/0.1.0"]);
    assert_eq!(wit::violations(root.path()).unwrap(), Vec::<String>::new());

    wit_file("transform/0.1.0", "one and a half");
    wit_file("transform/0.2.0", "two");
    std::fs::remove_dir_all(root.path().join("wit/drift")).unwrap();
    assert_eq!(
        wit::violations(root.path()).unwrap(),
        [
            "wit/transform/0.1.0 changed after its release: make a new version instead",
            "wit/transform/0.2.0 is not in wit/FROZEN: cargo xtask freeze",
            "wit/drift/0.1.0 is gone",
        ]
    );
    assert_eq!(wit::freeze(root.path()).unwrap(), ["transform/0.2.0"], "a line is never changed");
}
