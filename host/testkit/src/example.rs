//! Where the examples and the built plugins are.

use std::path::{Path, PathBuf};

/// A folder of `examples/`.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// Where `cargo xtask` leaves the components of the reference plugins.
///
/// # Panics
/// If they have not been built.
pub fn plugins_dir() -> PathBuf {
    let dir = std::env::var_os("REFRAIN_PLUGINS_DIR").map_or_else(beside_tests, PathBuf::from);
    assert!(dir.is_dir(), "no plugins at {}: run `cargo xtask build`", dir.display());
    dir
}

/// A test's binary lies in `<target>/release/deps`, the plugins in `<target>/plugins`.
fn beside_tests() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.ancestors().nth(3).expect("a test lies in target/release/deps").join("plugins")
}

/// The component of a reference plugin.
///
/// # Panics
/// If it has not been built.
pub fn plugin(name: &str) -> Vec<u8> {
    read(&plugins_dir().join(format!("{name}.wasm")))
}

/// The component of a guest in `tests/guests`.
///
/// # Panics
/// If it has not been built.
pub fn test_guest(name: &str) -> Vec<u8> {
    read(&plugins_dir().with_file_name("guests-of-tests").join(format!("{name}.wasm")))
}

fn read(path: &Path) -> Vec<u8> {
    let missing = "run `cargo xtask build`, or `test`";
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}: {missing}", path.display()))
}
