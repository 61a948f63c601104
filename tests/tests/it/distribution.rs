//! Components in a real OCI registry, and on the way from one server to another.

use refrain_testkit::{OciServer, REGISTRY_USER, Refrain, Request, plugin};
use serde_json::{Value, json};

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

fn with_component() -> (Refrain, Vec<u8>) {
    let (refrain, component) = (Refrain::new(), plugin("standardize"));
    refrain.write("x.wasm", &component);
    (refrain, component)
}

/// Pushes `x.wasm` under a tag; answers what was told.
fn push(refrain: &Refrain, registry: &OciServer, repository: &str) -> Value {
    let to = format!("oci://{}/{repository}", registry.host);
    let named = ["--name", "scale", "--as", "1.2.3", "--licence", "MIT", "--grant", "wasi"];
    refrain.json(&[&["plugin", "push", "x.wasm", "--to", &to], &named[..]].concat())
}

fn read_json(registry: &OciServer, path: &str) -> Value {
    let url = format!("http://{}/v2/{path}", registry.host);
    Request::to("GET", url).header("accept", MANIFEST_TYPE).send().json()
}

#[test]
fn what_is_pulled_is_what_was_pushed() {
    let registry = OciServer::open();
    let (refrain, component) = with_component();
    let keys = refrain.json(&["plugin", "keygen", "-o", "secret.key"]);
    let named = ["--name", "scale", "--as", "1.2.3", "--licence", "MIT", "--grant", "wasi"];
    let sign = ["plugin", "sign", "x.wasm", "--key", "secret.key"];
    let signature = refrain.json(&[&sign[..], &named].concat())["signature"].clone();
    let pushed = push(&refrain, &registry, "team/scale");
    assert_eq!(pushed["tag"], format!("oci://{}/team/scale:1.2.3", registry.host));
    assert_eq!(push(&refrain, &registry, "team/scale"), pushed, "the same again is the same");

    let manifest =
        json!({"name": "scale", "version": "1.2.3", "grants": ["wasi"], "licence": "MIT"});
    for (source, file) in [("tag", "by-tag.wasm"), ("reference", "by-digest.wasm")] {
        let source = pushed[source].as_str().expect("a reference");
        let pulled = refrain.json(&["plugin", "pull", source, "-o", file]);
        assert_eq!(pulled["digest"], pushed["digest"]);
        assert_eq!((&pulled["manifest"], &pulled["signature"]), (&manifest, &signature));
        assert_eq!(std::fs::read(refrain.path().join(file)).expect("a file"), component);
    }
    // Straight on to a server, where the signature counts.
    let public = keys["public"].as_str().expect("a key");
    let trusted = refrain.write("trusted", format!("scale {public}\n"));
    let trusted = trusted.display().to_string();
    let server = refrain.serve(&["--signatures", "require", "--trusted-keys", &trusted]);
    let tag = pushed["tag"].as_str().expect("a reference");
    let registered = refrain.json(&["plugin", "push", tag, "--server", &server.url]);
    assert_eq!(registered["digest"], pushed["digest"]);
    assert_eq!(registered["signature"]["state"], "verified");

    let elsewhere = Refrain::new();
    let pull = ["plugin", "pull", "scale@1.2.3", "--server", &server.url];
    let pulled = elsewhere.json(&pull);
    assert_eq!((&pulled["file"], &pulled["signature"]), (&json!("scale.wasm"), &signature));
    assert_eq!(std::fs::read(elsewhere.path().join("scale.wasm")).expect("a file"), component);
    assert!(elsewhere.path().join("scale.wasm.sig").is_file());
}

/// As <https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/> lays it down, so that
/// `wkg` and others read it.
#[test]
fn it_lies_in_the_registry_as_the_cncf_says() {
    let registry = OciServer::open();
    let (refrain, component) = with_component();
    push(&refrain, &registry, "scale");
    let manifest = read_json(&registry, "scale/manifests/1.2.3");
    assert_eq!(manifest["mediaType"], MANIFEST_TYPE);
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    let [layer] = manifest["layers"].as_array().expect("layers").as_slice() else {
        panic!("not one layer: {manifest}");
    };
    assert_eq!(layer["mediaType"], "application/wasm");
    assert_eq!(layer["size"], component.len());
    let config = manifest["config"]["digest"].as_str().expect("a digest");
    let config = read_json(&registry, &format!("scale/blobs/{config}"));
    let expected = json!({
        "created": "1970-01-01T00:00:00Z", "architecture": "wasm", "os": "wasip2",
        "layerDigests": [layer["digest"]],
        "component": {
            "exports": ["refrain:transform/plugin@0.1.0"], "imports": [], "target": null,
        },
    });
    assert_eq!(config, expected);
}

#[test]
fn a_tampered_layer_is_refused() {
    let registry = OciServer::open();
    let (refrain, component) = with_component();
    let pushed = push(&refrain, &registry, "scale");
    let layer = read_json(&registry, "scale/manifests/1.2.3")["layers"][0]["digest"].clone();
    let blob = registry.blob(layer.as_str().expect("a digest"));
    let mut bytes = std::fs::read(&blob).expect("the layer's file");
    assert_eq!(bytes, component);
    bytes[component.len() / 2] ^= 1;
    std::fs::write(&blob, bytes).expect("the layer's file");
    let tag = pushed["tag"].as_str().expect("a reference");
    let said = refrain.complaint(&["plugin", "pull", tag, "-o", "pulled.wasm"]);
    assert!(said.contains("the registry's bytes are not what was pushed"), "{said}");
    assert!(said.contains(layer.as_str().expect("a digest")), "{said}");
    assert!(!refrain.path().join("pulled.wasm").exists(), "nothing of it was kept");
}

/// A registry that changes layer and manifest alike is caught by the digest that it does not know.
#[test]
fn a_tampered_manifest_is_refused() {
    let registry = OciServer::open();
    let (refrain, _) = with_component();
    push(&refrain, &registry, "scale");
    let mut manifest = read_json(&registry, "scale/manifests/1.2.3");
    manifest["annotations"]["refrain.component"] = json!(format!("blake3:{}", "0".repeat(64)));
    put_manifest(&registry, "scale/manifests/1.2.4", &manifest);
    let from = format!("oci://{}/scale:1.2.4", registry.host);
    let said = refrain.complaint(&["plugin", "pull", &from, "-o", "pulled.wasm"]);
    assert!(said.contains("not what was pushed") && said.contains("its manifest says"), "{said}");
}

fn put_manifest(registry: &OciServer, path: &str, manifest: &Value) {
    let request = Request::to("PUT", format!("http://{}/v2/{path}", registry.host));
    let answer = request.body(MANIFEST_TYPE, manifest.to_string()).send();
    assert_eq!(answer.status, 201, "{:?}", String::from_utf8_lossy(&answer.body));
}

#[test]
fn what_cannot_be_pulled_is_told_why() {
    let registry = OciServer::open();
    let (refrain, _) = with_component();
    push(&refrain, &registry, "scale");
    let pull = |rest: &str| refrain.complaint(&["plugin", "pull", rest, "-o", "pulled.wasm"]);
    let at = |rest: &str| format!("oci://{}/{rest}", registry.host);
    for name in ["scale:9.9.9", "nothing:1"] {
        let said = pull(&at(name));
        assert!(said.contains("the registry has no such thing"), "{said}");
    }
    assert!(pull(&at("scale")).contains("neither tag nor digest"));
    assert!(pull("oci://scale:1.2.3").contains("write `oci://HOST/REPOSITORY:TAG`"));
    // The same layer as something else: a container image, as far as anyone can tell.
    let mut image = read_json(&registry, "scale/manifests/1.2.3");
    image["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json");
    put_manifest(&registry, "scale/manifests/image", &image);
    let said = pull(&at("scale:image"));
    assert!(said.contains("is no Wasm component: its config is"), "{said}");
    let mut two = read_json(&registry, "scale/manifests/1.2.3");
    two["layers"] = json!([two["layers"][0], two["layers"][0]]);
    put_manifest(&registry, "scale/manifests/two", &two);
    assert!(pull(&at("scale:two")).contains("it has 2 layers, not one"));
    let host = registry.host.clone();
    drop(registry);
    let said = pull(&format!("oci://{host}/scale:1.2.3"));
    assert!(said.contains("the registry does not answer: "), "{said}");
}

#[test]
fn a_registry_with_a_door_asks_who_it_is() {
    let registry = OciServer::locked();
    let (refrain, component) = with_component();
    let to = format!("oci://{}/scale:1", registry.host);
    let (user, password) = REGISTRY_USER;
    let run = |arguments: &[&str], password: Option<&str>| {
        let mut command = refrain.command(arguments);
        if let Some(password) = password {
            command.env("REFRAIN_OCI_USER", user).env("REFRAIN_OCI_PASSWORD", password);
        }
        let output = command.output().expect("the binary starts");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let push = ["plugin", "push", "x.wasm", "--name", "scale", "--as", "1.0.0", "--to", &to];
    for wrong in [None, Some("open barley")] {
        let (success, said) = run(&push, wrong);
        assert!(!success && said.contains("the registry refuses: "), "{said}");
        assert!(said.contains("REFRAIN_OCI_USER"), "{said}");
    }
    let (success, said) = run(&push, Some(password));
    assert!(success, "{said}");
    let (success, said) = run(&["plugin", "pull", &to, "-o", "pulled.wasm"], Some(password));
    assert!(success, "{said}");
    assert_eq!(std::fs::read(refrain.path().join("pulled.wasm")).expect("a file"), component);
}
