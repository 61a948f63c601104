//! What comes into a registry: laws of the contract, signatures, yanked versions.

use refrain_testkit::{Refrain, example, plugin, small, test_guest};
use refrain_toolchain::Metadata;
use serde_json::{Value, json};

use crate::support;

const PUSH: [&str; 4] = ["plugin", "push", "x.wasm", "--name"];

/// A store with a component in a file beside it.
fn with(component: &[u8]) -> Refrain {
    let refrain = Refrain::new();
    refrain.write("x.wasm", component);
    refrain
}

/// A reference plugin with its cases in it, as `refrain plugin build` puts them there.
fn with_cases(name: &str) -> Vec<u8> {
    let cases = support::entries(&example("..").join("plugins").join(name).join("cases"));
    let read = |path: &std::path::PathBuf| -> Value {
        serde_json::from_slice(&std::fs::read(path).expect("a case")).expect("JSON")
    };
    let cases: Vec<Value> = cases.iter().map(read).collect();
    let said = json!({"name": name, "version": "0.1.0", "cases": cases}).to_string();
    let sections = vec![("refrain:plugin".to_owned(), said.into_bytes())];
    let metadata = Metadata {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        sections,
        ..Metadata::default()
    };
    refrain_toolchain::describe(&plugin(name), &metadata).expect("a component with a section")
}

fn push(refrain: &Refrain, name: &str, more: &[&str]) -> Value {
    refrain.json(&[&PUSH[..], &[name, "--as"], more].concat())
}

fn refused(refrain: &Refrain, name: &str, more: &[&str]) -> String {
    refrain.complaint(&[&PUSH[..], &[name, "--as"], more].concat())
}

#[test]
fn a_component_that_breaks_its_contract_is_refused() {
    let refrain = with(&test_guest("lawbreaker"));
    let said = refused(&refrain, "lawbreaker", &["0.1.0"]);
    assert!(
        said.contains("plugin `lawbreaker@0.1.0`: it breaks its contract (parameters: "),
        "{said}"
    );
    assert!(said.contains("return `invalid-params` instead"), "{said}");
    assert!(said.contains("`refrain plugin test` makes the same checks"), "{said}");
    let known = refrain.json(&["plugin", "list"]);
    let names: Vec<&str> = known["plugins"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|p| p["name"].as_str())
        .collect();
    assert!(!names.contains(&"lawbreaker"), "{names:?}");

    let known = push(&refrain, "lawbreaker", &["0.1.0", "--admission", "warn"]);
    assert_eq!(known["admission"]["verdict"], "failed");
    let check = &known["admission"]["checks"][0];
    assert_eq!((&check["name"], &check["verdict"]), (&json!("parameters"), &json!("failed")));
    let unasked = push(&refrain, "lawbreaker", &["0.2.0", "--admission", "off"]);
    assert_eq!(unasked["admission"], Value::Null);
}

#[test]
fn what_a_version_uses_is_compared_with_the_one_before() {
    let refrain = with(&with_cases("rules"));
    let first = push(&refrain, "policy", &["0.1.0"]);
    assert_eq!(first["admission"]["compared"], Value::Null, "{first}");
    assert!(first["admission"]["fuel_per_row"].as_u64().is_some_and(|fuel| fuel > 0), "{first}");
    let second = push(&refrain, "policy", &["0.2.0"]);
    let expected = json!({"version": "0.1.0", "fuel_per_row": 1.0, "memory_bytes_peak": 1.0});
    assert_eq!(second["admission"]["compared"], expected, "the same component");
}

#[test]
fn a_signature_has_three_states() {
    let refrain = with(&plugin("standardize"));
    let keys = refrain.json(&["plugin", "keygen", "-o", "secret.key"]);
    let public = keys["public"].as_str().expect("a key");
    refrain.write("trusted", format!("acme-* {public}\n"));
    let trusting = |name: &str, version: &'static str| {
        push(&refrain, name, &[version, "--trusted-keys", "trusted"])["signature"].clone()
    };
    assert_eq!(trusting("acme-scale", "0.1.0")["state"], "unsigned");

    let sign = ["plugin", "sign", "x.wasm", "--key", "secret.key", "--name"];
    refrain.json(&[&sign[..], &["acme-scale", "--as", "0.2.0"]].concat());
    let verified = trusting("acme-scale", "0.2.0");
    assert_eq!((&verified["state"], &verified["key"]), (&json!("verified"), &json!(public)));
    // Without the key on the list it is one more signature that nobody knows.
    let shown = refrain.json(&["plugin", "show", "acme-scale"])["plugins"][1]["signature"].clone();
    assert_eq!(shown["state"], "failed");
    let reason = format!("its key {public} is not trusted for `acme-scale`");
    assert_eq!(shown["reason"], json!(reason));
    // A signature stands for a version, and is never sent along with another.
    let said = refused(&refrain, "acme-scale", &["0.3.0"]);
    assert!(
        said.contains("the signature of x.wasm was made of another component or manifest"),
        "{said}"
    );
    // A version that was registered unsigned gains a signature.
    refrain.json(&[&sign[..], &["acme-scale", "--as", "0.1.0"]].concat());
    assert_eq!(trusting("acme-scale", "0.1.0")["state"], "verified");
    let table = refrain.run(&["plugin", "list", "--trusted-keys", "trusted"]).stdout;
    assert_eq!(table.matches(" verified ").count(), 2, "{table}");
}

#[test]
fn a_server_that_requires_signatures_takes_no_others() {
    let refrain = with(&plugin("standardize"));
    let public = refrain.json(&["plugin", "keygen", "-o", "secret.key"])["public"].clone();
    refrain.write("trusted", format!("acme-* {}\n", public.as_str().expect("a key")));
    let server = refrain.serve(&["--signatures", "require", "--trusted-keys", "trusted"]);
    let to = ["--server", server.url.as_str()];
    let refused = |name: &str| refused(&refrain, name, &[&["0.1.0"], &to[..]].concat());
    let said = refused("acme-scale");
    let expected = "plugin `acme-scale@0.1.0`: signatures are required here, and it is not signed: \
                    sign it with `refrain plugin sign`";
    assert!(said.contains(expected), "{said}");
    let sign = |name| {
        refrain.json(&[
            "plugin",
            "sign",
            "x.wasm",
            "--key",
            "secret.key",
            "--name",
            name,
            "--as",
            "0.1.0",
        ])
    };
    sign("other-scale");
    let said = refused("other-scale");
    assert!(said.contains("is not trusted for `other-scale`"), "{said}");
    sign("acme-scale");
    let known = push(&refrain, "acme-scale", &[&["0.1.0"], &to[..]].concat());
    assert_eq!(known["signature"]["state"], "verified");
    assert!(server.stop());
}

#[test]
fn a_secret_key_is_for_its_owner_and_never_written_over() {
    use std::os::unix::fs::PermissionsExt;
    let refrain = Refrain::new();
    refrain.json(&["plugin", "keygen", "-o", "secret.key"]);
    let mode = std::fs::metadata(refrain.path().join("secret.key")).expect("a file").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let said = refrain.complaint(&["plugin", "keygen", "-o", "secret.key"]);
    assert!(said.starts_with("error: the secret key secret.key cannot be written: "), "{said}");
}

#[test]
fn a_yanked_version_is_passed_over_and_runs_on() {
    let refrain = with(&plugin("standardize"));
    refrain.write("rows.csv", small::rows_csv());
    refrain.write(
        "pipeline.yaml",
        "pipeline: yanks\ninputs: {rows: {dataset: rows, path: rows.csv}}\n\
         steps: {scaled: {plugin: scale@^0.1, input: rows, params: {columns: [x]}}}\n",
    );
    push(&refrain, "scale", &["0.1.0"]);
    push(&refrain, "scale", &["0.1.1"]);
    let run = refrain.json(&["run", "pipeline.yaml"]);
    let id = run["run"].as_str().expect("a run");
    let yanked = refrain.json(&["plugin", "yank", "scale", "0.1.1"]);
    assert_eq!(yanked["yanked"], true);
    assert_eq!(refrain.json(&["replay", id])["identical"], true, "what ran with it replays");
    let states = |field: &str| -> Vec<Value> {
        let shown = refrain.json(&["plugin", "show", "scale"]);
        shown["plugins"].as_array().expect("a list").iter().map(|p| p[field].clone()).collect()
    };
    assert_eq!(states("yanked"), [json!(false), json!(true)]);

    refrain.json(&["plugin", "yank", "scale", "0.1.0"]);
    let said = refrain.complaint(&["run", "pipeline.yaml"]);
    assert!(said.contains("0.1.0 (yanked), 0.1.1 (yanked)"), "{said}");
    refrain.json(&["plugin", "yank", "scale", "0.1.0", "--undo"]);
    assert_eq!(refrain.json(&["run", "pipeline.yaml"])["status"], "succeeded");
    let said = refrain.complaint(&["plugin", "yank", "scale", "9.0.0"]);
    assert!(said.contains("registered versions of `scale`: 0.1.0, 0.1.1 (yanked)"), "{said}");
}
