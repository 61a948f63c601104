//! Components that may not come in.

use refrain_domain::Role;
use refrain_testkit::guest::{Guest, dummy};
use refrain_testkit::{Refrain, plugin};

use super::says;

/// Pushes a component, which must be refused for exactly this reason; over HTTP for the same.
#[track_caller]
fn is_refused(component: &[u8], reason: &str) {
    let refrain = Refrain::new();
    refrain.write("x.wasm", component);
    let push = ["plugin", "push", "x.wasm", "--name", "x", "--as", "1.0.0"];
    says(&refrain, &push, &format!("error: plugin `x@1.0.0`: {reason}\n"));
    let server = refrain.serve(&[]);
    let request = server.post("/v1/plugins?name=x&version=1.0.0");
    let (status, code, detail) = request.body("application/wasm", component).send().problem();
    assert_eq!((status, code.as_str()), (422, "inadmissible-component"));
    assert_eq!(detail, format!("plugin `x@1.0.0`: {reason}"));
}

#[test]
fn a_world_of_another_version() {
    let newer = |text: String| text.replace("refrain:transform@0.1.0", "refrain:transform@0.2.0");
    is_refused(
        &dummy(&[Role::Transform], newer),
        "the component implements `transform@0.2.0`, but this host speaks `transform@0.1.0`: \
         update the host, or rebuild with SDK 0.1",
    );
}

#[test]
fn an_import_that_nobody_granted() {
    let interface = "wasi:random/random@0.2.6";
    let wit = "package wasi:random@0.2.6; interface random { get-random-u64: func() -> u64; }";
    let import = format!(r#"(import "{interface}" "get-random-u64" (func (result i64)))"#);
    let component = Guest::new().imports(&[wit], &[interface], &import).build();
    is_refused(
        &component,
        "the component imports `wasi:random/random@0.2.6`, which it was not granted: \
         ask for the grant `wasi` in its manifest, or build it without WASI",
    );
}

#[test]
fn a_component_cut_short() {
    let whole = plugin("standardize");
    let half = &whole[..whole.len() / 2];
    let refrain = Refrain::new();
    refrain.write("x.wasm", half);
    let push = ["plugin", "push", "x.wasm", "--name", "x", "--as", "1.0.0"];
    let complaint = refrain.complaint(&push);
    // Where the part that is cut begins depends on the plugin's build.
    let begin =
        "error: plugin `x@1.0.0`: this is no valid component: unexpected end-of-file at byte ";
    let byte = complaint.strip_prefix(begin).unwrap_or_else(|| panic!("{complaint}"));
    assert!(byte.trim_end().parse::<usize>().is_ok_and(|byte| byte <= half.len()), "{complaint}");
}

#[test]
fn a_core_module() {
    is_refused(
        &wat::parse_str("(module)").expect("a module"),
        "this is a core module, not a component: wrap it with `wasm-tools component new`",
    );
}

#[test]
fn no_file_at_all() {
    let push = ["plugin", "push", "x.wasm", "--name", "x", "--as", "1.0.0"];
    let reason =
        "error: the component x.wasm cannot be read: No such file or directory (os error 2)\n";
    says(&Refrain::new(), &push, reason);
    let refrain = Refrain::new();
    refrain.write("notes.txt", "a component, one day");
    says(
        &refrain,
        &["plugin", "inspect", "notes.txt"],
        "error: notes.txt: this is no valid component: it does not begin as WebAssembly does\n",
    );
}
