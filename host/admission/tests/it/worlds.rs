//! A component of every released version of every world, as it was built at the time, still does
//! what it did: see `tests/fixtures/worlds/README.md`.
//!
//! Set `REFRAIN_BLESS=1` to write down what the components of a new version do. A line that changes
//! for an old one is a host that broke it.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refrain_admission::{Effect, Embedded, Grouping, exercise};
use refrain_domain::{Backend, Digest, Failure, Role};
use refrain_sandbox::{Plugin, Sandbox, SandboxOptions, UnitContext};
use refrain_testkit::check_golden;
use serde_json::{Value, json};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The versions in `wit/` with the roles that each has.
fn released() -> Vec<(String, Vec<Role>)> {
    let mut released: Vec<(String, Vec<Role>)> = Vec::new();
    for role in Role::ALL {
        for entry in std::fs::read_dir(repository().join("wit").join(role.name())).unwrap() {
            let version = entry.unwrap().file_name().into_string().unwrap();
            match released.iter_mut().find(|(known, _)| *known == version) {
                Some((_, roles)) => roles.push(role),
                None => released.push((version, vec![role])),
            }
        }
    }
    released
}

fn sandboxes() -> [Sandbox; 2] {
    [Backend::Cranelift, Backend::Pulley].map(|backend| {
        Sandbox::new(SandboxOptions { backend, ..SandboxOptions::default() }).unwrap()
    })
}

fn told(effect: Result<Effect, Failure>) -> Value {
    let digest = |state: &Vec<u8>| Digest::of(state).to_string();
    match effect {
        Err(failure) => json!({ "failure": failure.to_string() }),
        Ok(effect) => json!({
            "description": effect.description,
            "states": effect.states.iter().map(digest).collect::<Vec<_>>(),
            "output": effect.output,
        }),
    }
}

/// What a component does on its author's cases, its rows whole and in parts.
fn deeds(plugin: &Plugin, embedded: &Embedded) -> Value {
    let mut deeds = Vec::new();
    for case in &embedded.cases {
        let input = case.input(plugin.world().role).unwrap();
        let [whole, restored] = [Grouping::Whole, Grouping::Restored].map(|grouping| {
            told(exercise(plugin, &UnitContext::default(), case, &input, grouping))
        });
        deeds.push(json!({ "whole": whole, "restored": restored }));
    }
    deeds.into()
}

#[test]
fn components_of_every_released_world_do_what_they_did() {
    let sandboxes = sandboxes();
    for (version, roles) in released() {
        let folder = repository().join("tests/fixtures/worlds").join(&version);
        let mut text = String::new();
        for role in roles {
            let file = folder.join(format!("{role}.wasm"));
            let component = std::fs::read(&file).unwrap_or_else(|e| panic!("{role}: {e}"));
            let digest = Digest::of(&component);
            let embedded = Embedded::read(&component).unwrap().expect("it has cases");
            assert!(!embedded.cases.is_empty(), "{role}@{version}: nothing would be called");
            let [cranelift, pulley] = sandboxes.each_ref().map(|sandbox| {
                let info = sandbox.admit(&component, &[]).unwrap_or_else(|e| panic!("{e}"));
                assert_eq!(info.world.unwrap().to_string(), format!("{role}@{version}"));
                let plugin = sandbox.load(digest, &|| Ok(Arc::from(&component[..])), &[]).unwrap();
                deeds(&plugin, &embedded)
            });
            assert_eq!(cranelift, pulley, "{role}@{version}");
            let deeds = serde_json::to_string_pretty(&cranelift).unwrap();
            text.push_str(&format!("{role}.wasm {digest}\n{deeds}\n"));
        }
        check_golden(&folder.join("golden.txt"), &text).unwrap_or_else(|e| panic!("{e}"));
    }
}
