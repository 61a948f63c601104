//! The table in each SDK's README says which versions of the worlds a version of the SDK is for.

use xtask::workspace::Workspace;

const ROLES: [&str; 6] = ["transform", "trainer", "predictor", "evaluator", "drift", "trigger"];

/// The newest row of a README's table: its last.
fn newest_row(readme: &str) -> Option<Vec<String>> {
    let header = format!("| SDK | {} |", ROLES.join(" | "));
    let (_, table) = readme.split_once(&format!("## Compatibility\n{header}\n"))?;
    let last = table.lines().take_while(|line| line.starts_with('|')).last()?;
    Some(last.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// The row that an SDK's recipe amounts to.
fn row_of_recipe(recipe: &str) -> Vec<String> {
    let recipe: toml::Table = toml::from_str(recipe).expect("sdk.toml is TOML");
    let worlds = recipe["worlds"].as_array().expect("a recipe lists worlds");
    let version = |role: &str| {
        let of_role = |world: &toml::Value| {
            let (found, version) = world.as_str()?.split_once('@')?;
            (found == role).then(|| version.to_owned())
        };
        worlds.iter().find_map(of_role).unwrap_or_else(|| "–".to_owned())
    };
    let sdk = recipe["sdk"].as_str().expect("a recipe has a version").to_owned();
    [sdk].into_iter().chain(ROLES.map(version)).collect()
}

/// Rust has no recipe: its SDK is a crate of this workspace, with its bindings made from `wit/`.
fn row_of_bindings(bindings: &str) -> Vec<String> {
    let version = |role: &str| {
        let (_, rest) = bindings.split_once(&format!("wit/{role}/")).expect("every world is bound");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    [env!("CARGO_PKG_VERSION").to_owned()].into_iter().chain(ROLES.map(version)).collect()
}

#[test]
fn every_sdk_says_which_worlds_it_is_for() {
    let root = Workspace::load().unwrap().root;
    let mut n_sdks = 0;
    for entry in std::fs::read_dir(root.join("sdk")).unwrap() {
        let sdk = entry.unwrap().path();
        if !sdk.is_dir() {
            continue;
        }
        let name = sdk.file_name().unwrap().to_string_lossy().into_owned();
        let read = |file: &str| std::fs::read_to_string(sdk.join(file)).unwrap();
        let expected = match name.as_str() {
            "rust" => row_of_bindings(&read("src/bindings.rs")),
            _ => row_of_recipe(&read("sdk.toml")),
        };
        let row = newest_row(&read("README.md"));
        assert_eq!(row, Some(expected), "sdk/{name}/README.md, under Compatibility");
        for (role, version) in ROLES.iter().zip(&row.unwrap()[1..]) {
            let wit = root.join("wit").join(role).join(version);
            assert!(version == "–" || wit.is_dir(), "sdk/{name}: no wit/{role}/{version}");
        }
        n_sdks += 1;
    }
    assert_eq!(n_sdks, 7);
}
