//! Compiled code on disk: trusted only if it was written here, and recompiled on any doubt.

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refrain_domain::{Digest, Grant};
use refrain_sandbox::{Plugin, Sandbox, SandboxError, SandboxOptions};

use crate::guest::Guest;
use crate::small;

fn guest(answer: u8) -> Vec<u8> {
    let body = format!(
        "(i32.store8 (i32.const 2048) (i32.const {answer}))
        (local.set $bytes (i32.const 2048)) (local.set $len (i32.const 1))"
    );
    Guest::new().finish(&body).build()
}

fn open(dir: &Path) -> Sandbox {
    let options = SandboxOptions { cache_dir: Some(dir.to_owned()), ..SandboxOptions::default() };
    Sandbox::new(options).unwrap()
}

/// Loads in a sandbox of its own; says whether the bytes were asked for, which is to compile them.
fn load(dir: &Path, component: &[u8]) -> (Plugin, bool) {
    let was_asked = Cell::new(false);
    let bytes = || {
        was_asked.set(true);
        Ok(Arc::from(component))
    };
    let plugin = open(dir).load(Digest::of(component), &bytes, &[]).unwrap();
    (plugin, was_asked.get())
}

fn answer(plugin: &Plugin) -> Vec<u8> {
    plugin.transform(&small()).unwrap().fit_finish().unwrap()
}

fn code(dir: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|e| e == "cwasm")).collect()
}

#[track_caller]
fn recompiles(damage: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let component = guest(5);
    assert!(load(dir.path(), &component).1, "compiled at first");
    assert!(!load(dir.path(), &component).1, "then taken from the cache");
    damage(dir.path());
    let (plugin, was_compiled) = load(dir.path(), &component);
    assert!(was_compiled, "what is in doubt must be compiled again");
    assert_eq!(answer(&plugin), [5]);
    let (plugin, was_compiled) = load(dir.path(), &component);
    assert!(!was_compiled, "and mended");
    assert_eq!(answer(&plugin), [5]);
}

#[test]
fn a_byte_that_was_changed() {
    // In the hash, in the first bytes of the code, in the middle, and in the last byte.
    for place in [0, 40, usize::MAX / 2, usize::MAX] {
        recompiles(|dir| {
            let path = code(dir).remove(0);
            let mut bytes = std::fs::read(&path).unwrap();
            let place =
                if place > bytes.len() { (bytes.len() - 1) / (usize::MAX / place) } else { place };
            bytes[place] ^= 1;
            std::fs::write(path, bytes).unwrap();
        });
    }
}

#[test]
fn a_file_that_was_cut_off() {
    for length in [0, 31, 32, 1_000] {
        recompiles(|dir| {
            let path = code(dir).remove(0);
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(path, &bytes[..length]).unwrap();
        });
    }
}

#[test]
fn a_file_that_is_no_file() {
    recompiles(|dir| std::fs::remove_file(code(dir).remove(0)).unwrap());
}

#[test]
fn another_key() {
    recompiles(|dir| std::fs::write(dir.join("key"), [7; 32]).unwrap());
    recompiles(|dir| std::fs::write(dir.join("key"), b"short").unwrap());
    recompiles(|dir| std::fs::remove_file(dir.join("key")).unwrap());
}

#[test]
fn a_key_that_others_could_read() {
    recompiles(|dir| {
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(dir.join("key"), open).unwrap();
    });
}

#[test]
fn another_component_under_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (guest(1), guest(2));
    load(dir.path(), &one);
    let first = code(dir.path()).remove(0);
    load(dir.path(), &two);
    let second = code(dir.path()).into_iter().find(|path| *path != first).unwrap();
    std::fs::copy(&second, &first).unwrap();
    let (plugin, was_compiled) = load(dir.path(), &one);
    assert!(was_compiled);
    assert_eq!(answer(&plugin), [1]);
}

#[test]
fn a_folder_that_cannot_be_written_is_no_reason_to_fail() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("cache");
    let sandbox = open(&cache);
    std::fs::remove_dir_all(&cache).unwrap();
    let component = guest(3);
    let bytes = || Ok(Arc::from(component.as_slice()));
    let plugin = sandbox.load(Digest::of(&component), &bytes, &[]).unwrap();
    assert_eq!(answer(&plugin), [3]);
}

#[test]
fn a_folder_that_is_a_file_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let options =
        SandboxOptions { cache_dir: Some(file.path().to_owned()), ..SandboxOptions::default() };
    let error = Sandbox::new(options).err().unwrap().to_string();
    assert!(error.contains("compile cache"), "{error}");
}

#[test]
fn bytes_of_another_digest_are_refused() {
    let sandbox = Sandbox::new(SandboxOptions::default()).unwrap();
    let bytes = || Ok(Arc::from(guest(2).as_slice()));
    let error = sandbox.load(Digest::of(&guest(1)), &bytes, &[]).err().unwrap();
    assert!(matches!(error, SandboxError::Bytes { .. }), "{error}");
}

#[test]
fn cached_code_is_granted_no_more_than_its_plan() {
    let dir = tempfile::tempdir().unwrap();
    let wit = "package wasi:random@0.2.0; interface random { get-random-u64: func() -> u64; }";
    let import = r#"(import "wasi:random/random@0.2.0" "get-random-u64" (func (result i64)))"#;
    let component = Guest::new().imports(&[wit], &["wasi:random/random@0.2.0"], import).build();
    let bytes = || Ok(Arc::from(component.as_slice()));
    let digest = Digest::of(&component);
    open(dir.path()).load(digest, &bytes, &[Grant::Wasi]).unwrap();
    let error = open(dir.path()).load(digest, &bytes, &[]).err().unwrap().to_string();
    assert!(
        error.contains("imports `wasi:random/random@0.2.0`, which it was not granted"),
        "{error}"
    );
}

#[test]
fn many_callers_share_one_compilation() {
    let sandbox = Sandbox::new(SandboxOptions::default()).unwrap();
    let component = guest(9);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let bytes = || Ok(Arc::from(component.as_slice()));
                let plugin = sandbox.load(Digest::of(&component), &bytes, &[]).unwrap();
                assert_eq!(answer(&plugin), [9]);
            });
        }
    });
}
