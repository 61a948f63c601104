//! Plugins: taken in, shown, refused.

use refrain_domain::Digest;
use refrain_testkit::plugin;
use serde_json::json;

use super::server;

const WASM: &str = "application/wasm";

#[test]
fn a_component_is_registered_once_and_says_what_it_is() {
    let (_refrain, server) = server();
    let component = plugin("standardize");
    let path = "/v1/plugins?name=my-scaler&version=1.2.3&licence=MIT";
    let register = || server.post(path).body(WASM, component.clone()).expect(201);
    let registered = register();
    let admission = registered["admission"].clone();
    assert_eq!(admission["verdict"], "passed", "{admission}");
    let expected = json!({
        "admission": admission,
        "signature": {"state": "unsigned", "key": null, "reason": null, "text": null},
        "yanked": false,
        "name": "my-scaler",
        "version": "1.2.3",
        "world": "transform@0.1.0",
        "digest": Digest::of(&component).to_string(),
        "grants": [],
        "imports": [],
        "licence": "MIT",
        "size_bytes": component.len(),
    });
    assert_eq!(registered, expected);
    assert_eq!(register(), expected, "the same again is no error");
    assert_eq!(server.get("/v1/plugins/my-scaler/1.2.3").expect(200), expected);
    assert_eq!(server.get("/v1/plugins/my-scaler/^1").expect(200), expected, "a range will do");
    assert_eq!(server.get("/v1/plugins/my-scaler").expect(200)["plugins"], json!([expected]));
    let all = server.get("/v1/plugins").expect(200);
    assert!(all["plugins"].as_array().expect("a list").contains(&expected));
}

#[test]
fn a_multipart_body_does_as_well() {
    let (_refrain, server) = server();
    let component = plugin("rules");
    let manifest = json!({"name": "policy", "version": "0.3.0", "grants": "wasi"}).to_string();
    let parts = [
        ("manifest", None, manifest.as_bytes()),
        ("component", Some("policy.wasm"), component.as_slice()),
    ];
    let registered = server.post("/v1/plugins").parts(&parts).expect(201);
    assert_eq!(registered["world"], "trigger@0.1.0");
    assert_eq!(registered["grants"], json!(["wasi"]), "given");
    assert_eq!(registered["imports"], json!([]), "and not asked for");

    let (status, _, detail) = server.post("/v1/plugins").parts(&parts[..1]).send().problem();
    assert_eq!((status, detail.as_str()), (400, "part `component` is missing"));
    let (status, _, detail) = server.post("/v1/plugins").parts(&parts[1..]).send().problem();
    assert_eq!((status, detail.as_str()), (400, "part `manifest` is missing"));
    let other = [("wasm", None, component.as_slice())];
    let (status, _, detail) = server.post("/v1/plugins").parts(&other).send().problem();
    assert_eq!(status, 400);
    assert_eq!(detail, "unknown part `wasm`: send `manifest` and `component`");
    let typo = json!({"name": "policy", "versoin": "0.3.0"}).to_string();
    let parts = [("manifest", None, typo.as_bytes())];
    let (status, _, detail) = server.post("/v1/plugins").parts(&parts).send().problem();
    assert_eq!(status, 400);
    assert!(detail.starts_with("part `manifest`: unknown field `versoin`, expected "), "{detail}");
}

#[test]
fn a_version_never_changes() {
    let (_refrain, server) = server();
    let register = |query: &str, name: &str| {
        server.post(&format!("/v1/plugins?{query}")).body(WASM, plugin(name)).send()
    };
    assert_eq!(register("name=mine&version=1.0.0", "standardize").status, 201);
    let (status, code, detail) = register("name=mine&version=1.0.0", "impute").problem();
    assert_eq!((status, code.as_str()), (409, "exists"));
    assert_eq!(
        detail,
        "plugin `mine@1.0.0` exists already with another component or manifest: \
         versions are immutable, raise the version"
    );
    let (status, ..) = register("name=mine&version=1.0.0&grants=wasi", "standardize").problem();
    assert_eq!(status, 409, "grants belong to the version");
    assert_eq!(register("name=mine&version=1.0.1", "impute").status, 201);
    let versions = server.get("/v1/plugins/mine").expect(200);
    assert_eq!(versions["plugins"].as_array().map(Vec::len), Some(2));
    assert_eq!(server.get("/v1/plugins/mine/*").expect(200)["version"], "1.0.1", "the newest");
}

#[test]
fn what_is_no_plugin_is_refused_in_words() {
    let (_refrain, server) = server();
    let whole = plugin("standardize");
    let cases: [(&str, Vec<u8>, u16, &str, &str); 8] = [
        ("name=x&version=1.0.0", Vec::new(), 422, "inadmissible-component", "plugin `x@1.0.0`: "),
        (
            "name=x&version=1.0.0",
            wat::parse_str("(module)").expect("a module"),
            422,
            "inadmissible-component",
            "plugin `x@1.0.0`: this is a core module, not a component: ",
        ),
        (
            "name=x&version=1.0.0",
            whole[..whole.len() / 2].to_vec(),
            422,
            "inadmissible-component",
            "plugin `x@1.0.0`: this is no valid component: ",
        ),
        ("name=X&version=1.0.0", whole.clone(), 400, "bad-request", "`X` is no name: "),
        ("name=x&version=1", whole.clone(), 400, "bad-request", "`1` is no version: "),
        ("version=1.0.0", whole.clone(), 400, "bad-request", "Failed to deserialize query string"),
        (
            "name=x&version=1.0.0&grants=network",
            whole.clone(),
            400,
            "bad-request",
            "`network` is no grant: the only one is `wasi`",
        ),
        ("name=x&version=1.0.0&colour=red", whole, 400, "bad-request", "Failed to deserialize"),
    ];
    for (query, component, status, code, begin) in cases {
        let answer = server.post(&format!("/v1/plugins?{query}")).body(WASM, component).send();
        let (found, said, detail) = answer.problem();
        assert_eq!((found, said.as_str()), (status, code), "{query}: {detail}");
        assert!(detail.starts_with(begin), "{query}: {detail}");
    }
    let (status, _, detail) = server.get("/v1/plugins/standardise").send().problem();
    assert_eq!(status, 404);
    assert_eq!(detail, "there is no plugin `standardise`; did you mean `standardize`?");
    let (status, _, detail) = server.get("/v1/plugins/standardize/^9").send().problem();
    assert_eq!(status, 404);
    assert_eq!(
        detail,
        "there is no plugin `standardize@^9`; registered versions of `standardize`: 0.1.0"
    );
}
