//! Who is let in, and to do what.

use std::collections::BTreeMap;

use refrain_testkit::{Refrain, Server};
use serde_json::json;

use super::server;

const ROLES: [&str; 4] = ["viewer", "author", "operator", "admin"];

/// A server that asks for tokens, and one token for each role.
fn guarded() -> (Refrain, Server, BTreeMap<&'static str, String>) {
    let refrain = Refrain::new();
    let mut file = "# who may do what\n\n".to_owned();
    let mut tokens = BTreeMap::new();
    for role in ROLES {
        let made = refrain.json(&["token", "new", "--name", role, "--role", role]);
        file += &format!("{}\n", made["line"].as_str().expect("a line"));
        tokens.insert(role, made["token"].as_str().expect("a token").to_owned());
    }
    let path = refrain.write("tokens", file).display().to_string();
    let server = refrain.serve(&["--token-file", &path]);
    (refrain, server, tokens)
}

#[test]
fn every_route_but_the_open_ones_asks_for_a_token() {
    let (_refrain, server, _) = guarded();
    let contract = server.get("/openapi.json").expect(200);
    let mut n_asked = 0;
    for (path, methods) in contract["paths"].as_object().expect("paths") {
        let path = path.replace(['{', '}'], "");
        for method in methods.as_object().expect("methods").keys() {
            let method =
                ["GET", "POST", "PUT"].into_iter().find(|m| m.eq_ignore_ascii_case(method));
            let answer = server.request(method.expect("a method"), &path).send();
            if ["/healthz", "/readyz", "/openapi.json", "/v1/schemas/pipeline"]
                .contains(&path.as_str())
            {
                assert_eq!(answer.status, 200, "{path}");
                continue;
            }
            let (status, code, detail) = answer.problem();
            assert_eq!((status, code.as_str()), (401, "unauthorized"), "{path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert!(detail.starts_with("send a token: "), "{detail}");
            n_asked += 1;
        }
    }
    assert!(n_asked > 25, "{n_asked}");
}

#[test]
fn only_the_whole_token_lets_in() {
    let (_refrain, server, tokens) = guarded();
    let right = &tokens["viewer"];
    let get = |value: &str| server.get("/v1/runs").header("authorization", value).send().status;
    assert_eq!(get(&format!("Bearer {right}")), 200);
    let shorter = &right[..right.len() - 1];
    let wrong = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {shorter}"),
        format!("Bearer {right}0"),
        format!("Basic {right}"),
        right.clone(),
        format!("Bearer {}", right.to_uppercase()),
    ];
    for value in wrong {
        assert_eq!(get(&value), 401, "{value}");
    }
}

#[test]
fn a_role_may_do_what_those_before_it_may_and_no_more() {
    let (_refrain, server, tokens) = guarded();
    let cases = [
        ("GET", "/v1/models", "viewer"),
        ("GET", "/metrics", "viewer"),
        ("POST", "/v1/plans", "viewer"),
        ("POST", "/v1/runs", "author"),
        ("POST", "/v1/plugins", "author"),
        ("POST", "/v1/datasets/rows/versions", "author"),
        ("POST", "/v1/runs/none-1/cancel", "operator"),
        ("PUT", "/v1/models/none/aliases/champion", "operator"),
        ("POST", "/v1/models/none/aliases/champion/rollback", "operator"),
        ("POST", "/v1/store/gc?dry_run=true", "admin"),
        ("POST", "/v1/store/fsck", "admin"),
        ("POST", "/v1/store/backup", "admin"),
    ];
    for (method, path, needed) in cases {
        let rank = |role: &str| ROLES.iter().position(|known| *known == role);
        for role in ROLES {
            let answer = server.request(method, path).token(&tokens[role]).send();
            if rank(role) >= rank(needed) {
                // Let in, whatever comes of it.
                assert!(![401, 403].contains(&answer.status), "{role} {method} {path}");
                continue;
            }
            let (status, code, detail) = answer.problem();
            assert_eq!((status, code.as_str()), (403, "forbidden"), "{role} {method} {path}");
            let words =
                format!("`{role}` is a {role}; this takes a token of role {needed} or above");
            assert_eq!(detail, words);
        }
    }
}

#[test]
fn the_command_line_sends_its_token() {
    let (refrain, server, tokens) = guarded();
    let url = server.url.as_str();
    assert_eq!(refrain.json(&["runs", "--server", url, "--token", &tokens["viewer"]])["total"], 0);
    let complaint = refrain.complaint(&["runs", "--server", url]);
    assert_eq!(
        complaint,
        "error: send a token: `Authorization: Bearer …` (`refrain --token`, REFRAIN_TOKEN)\n\
         hint: `refrain token new` makes a token, with a role\n"
    );
    let as_viewer = ["gc", "--server", url, "--token", &tokens["viewer"]];
    assert_eq!(
        refrain.complaint(&as_viewer),
        "error: `viewer` is a viewer; this takes a token of role admin or above\n\
         hint: `refrain token new` makes a token, with a role\n"
    );
}

#[test]
fn nobody_listens_to_the_network_without_tokens() {
    let refrain = Refrain::new();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let complaint = refrain.complaint(&["serve", "--listen", address]);
        assert_eq!(
            complaint,
            format!(
                "error: {address} can be reached from other machines, and no token file is given: \
                 add `--token-file` (`refrain token new` makes one), or listen on 127.0.0.1\n"
            )
        );
    }
    assert!(!refrain.store().exists(), "what is refused makes no store");
    let made = refrain.json(&["token", "new", "--name", "ann", "--role", "admin"]);
    let path = refrain.write("tokens", made["line"].as_str().expect("a line"));
    let server = refrain.serve_at("0.0.0.0:0", &["--token-file", &path.display().to_string()]);
    let port = server.url.rsplit(':').next().expect("a port").to_owned();
    assert!(server.stop(), "it listened on port {port}");
}

#[test]
fn token_files_that_cannot_be_used_name_the_line() {
    let refrain = Refrain::new();
    let complaint = |text: &str| {
        refrain.write("tokens", text);
        refrain.complaint(&["serve", "--listen", "127.0.0.1:0", "--token-file", "tokens"])
    };
    let digest = format!("blake3:{}", "0".repeat(64));
    assert_eq!(
        complaint("\n"),
        "error: token file tokens: it holds no token: make one with `refrain token new`\n"
    );
    assert_eq!(
        complaint("\nann admin\n"),
        "error: token file tokens, line 2: expected `name role blake3:…`\n"
    );
    assert_eq!(
        complaint(&format!("ann boss {digest}\n")),
        "error: token file tokens, line 1: `boss` is no role: write viewer, author, operator or admin\n"
    );
    assert_eq!(
        complaint("ann admin secret\n"),
        "error: token file tokens, line 1: `secret` is not a digest: expected `blake3:` and 64 hex digits\n"
    );
}

/// A page in a browser can send requests to a server on loopback. It must not be able to do more
/// than its own server could.
#[test]
fn pages_of_other_sites_do_nothing() {
    let (_refrain, server) = server();
    let host = server.url.strip_prefix("http://").expect("an address").to_owned();
    let ask = |headers: &[(&str, &str)]| {
        let mut request = server.post("/v1/plugins/compile").json(&json!({"plugins": []}));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send()
    };
    assert_eq!(ask(&[("origin", &server.url)]).status, 202, "its own pages");
    assert_eq!(ask(&[("host", &host.replace("127.0.0.1", "localhost"))]).status, 202);
    for headers in [
        [("origin", "https://example.org")],
        [("origin", "null")],
        // Its name was made to mean 127.0.0.1 after the page was loaded.
        [("host", "example.org:7878")],
    ] {
        let (status, code, _) = ask(&headers).problem();
        assert_eq!((status, code.as_str()), (403, "foreign-origin"), "{headers:?}");
    }
}
