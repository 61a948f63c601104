//! Plugins and pipelines: components, and what people write of them.

use std::cell::OnceCell;
use std::sync::LazyLock;

use refrain_admission::{Case, Embedded, PublicKey, SECTION, Signature, batch_of, rows_of};
use refrain_authoring::Project;
use refrain_data::encode_column;
use refrain_domain::{Grant, PluginManifest, Role, to_canonical};
use refrain_runner::PipelineSpec;
use refrain_sandbox::{Sandbox, SandboxOptions};
use refrain_toolchain::{Recipe, Said};
use tempfile::TempDir;

/// A component as it is pushed: what can be said of it without compiling or running any of it.
pub fn component(bytes: &[u8]) {
    static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
        Sandbox::new(SandboxOptions::default()).expect("without a cache it needs nothing")
    });
    let seen = Sandbox::inspect(bytes);
    for grants in [&[][..], &[Grant::Wasi]] {
        if let Ok(info) = SANDBOX.check(bytes, grants) {
            assert_eq!(seen.as_ref(), Ok(&info), "what comes in is what was seen");
        }
    }
    drop(Embedded::read(bytes));
    if seen.is_ok() {
        drop(Said::read(bytes));
    }
}

/// A plugin's manifest, as an operator sends it and as a component carries it, with its cases; a
/// signature or a key.
pub fn manifest(bytes: &[u8]) {
    if let Ok(manifest) = serde_json::from_slice::<PluginManifest>(bytes) {
        to_canonical(&manifest).expect("what was JSON can be JSON");
    }
    if let Ok(Some(embedded)) = Embedded::read(&carrying(bytes)) {
        let bytes = embedded.to_bytes();
        let again = Embedded::read(&carrying(&bytes)).expect("what was written is read");
        // Not the same value: canonical JSON has no integers beyond 2^53 and no negative zero.
        assert_eq!(again.map(|again| again.to_bytes()), Some(bytes), "and written again");
        embedded.cases.iter().for_each(case);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        _ = (text.parse::<Signature>(), text.parse::<PublicKey>());
    }
}

/// The rows that a case lends to a plugin of any role.
fn case(case: &Case) {
    for input in Role::ALL.into_iter().filter_map(|role| case.input(role).ok()) {
        let schema = &input.schema;
        for batch in input.reference.iter().chain(&input.rows).chain(&input.predict) {
            batch.check(schema).expect("rows of the case's schema");
            let again = batch_of(schema, &rows_of(schema, batch)).expect("as rows, and back");
            for ((before, after), field) in
                batch.columns.iter().zip(&again.columns).zip(&schema.fields)
            {
                let block = |column| encode_column(column, field, batch.rows);
                assert_eq!(block(before), block(after), "column `{}` came back", field.name);
            }
        }
    }
}

/// A component of nothing but the section in which plugins describe themselves.
fn carrying(content: &[u8]) -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0\0".to_vec();
    let mut len = 1 + SECTION.len() + content.len();
    while len > 0x7f {
        component.push(len as u8 | 0x80);
        len >>= 7;
    }
    component.extend([len as u8, SECTION.len() as u8]);
    component.extend_from_slice(SECTION.as_bytes());
    component.extend_from_slice(content);
    component
}

/// A pipeline in YAML.
pub fn pipeline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(spec) = PipelineSpec::parse(text) {
        let again = serde_json::to_string(&spec).expect("what was YAML can be JSON");
        PipelineSpec::parse(&again).expect("JSON is a part of YAML");
        drop(spec.plugins());
    }
}

/// An author's `plugin.toml`, or an SDK's `sdk.toml`.
pub fn project(bytes: &[u8]) {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| TempDir::new().expect("a temporary folder")).path();
        std::fs::write(folder.join("plugin.toml"), bytes).expect("room for a few bytes");
        drop(Project::open(folder));
    });
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(toml::from_str::<Recipe>(text));
    }
}
