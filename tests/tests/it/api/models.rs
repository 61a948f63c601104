//! Models, and aliases that several people may move.

use refrain_testkit::small;
use serde_json::{Value, json};

use super::{finish, submit, trained};

const ALIAS: &str = "/v1/models/small/aliases/champion";

/// The small pipeline with another model at its end.
fn other_pipeline() -> String {
    small::PIPELINE.replace("label: late, features: [x, y]", "label: late, features: [x]")
}

#[test]
fn models_have_versions_and_aliases_move_between_them() {
    let (_refrain, server, run) = trained();
    let first = server.get(ALIAS).expect(200);
    let expected = json!({
        "model": "small",
        "version": 1,
        "digest": run["model_version"]["digest"],
        "aliases": ["champion"],
        "verdict": "pass",
    });
    assert_eq!(first, expected);
    let second = submit(&server, &other_pipeline());
    let second = finish(&server, &second);
    assert_eq!(second["model_version"]["version"], 2);
    assert_eq!(server.get(ALIAS).expect(200)["version"], 2, "its gate has passed");

    let back = server.post(&format!("{ALIAS}/rollback")).expect(200);
    assert_eq!(back, expected);
    let forward = server.put(ALIAS).json(&json!({"version": 2})).expect(200);
    assert_eq!(forward["aliases"], json!(["champion"]));
    let challenger = "/v1/models/small/aliases/challenger";
    assert_eq!(server.put(challenger).json(&json!({"version": 1})).expect(200)["version"], 1);

    let versions = server.get("/v1/models/small").expect(200);
    let versions = versions["models"].as_array().expect("a list");
    let aliases: Vec<&Value> = versions.iter().map(|version| &version["aliases"]).collect();
    assert_eq!(aliases, [&json!(["challenger"]), &json!(["champion"])]);
    assert_eq!(server.get("/v1/models").expect(200)["models"].as_array(), Some(versions));
    let manifest = server.get("/v1/models/small/versions/1").expect(200);
    let digest = run["model_version"]["digest"].as_str().expect("a digest");
    assert_eq!(server.get(&format!("/v1/artifacts/{digest}")).expect(200), manifest);
}

#[test]
fn an_alias_moves_only_from_where_the_caller_saw_it() {
    let (_refrain, server, _) = trained();
    let second = submit(&server, &other_pipeline());
    let second = finish(&server, &second);
    let seen = server.get(ALIAS).send();
    let tag = seen.header("etag").to_owned();
    let move_to = |version: u64, tag: &str| {
        server.put(ALIAS).header("if-match", tag).json(&json!({"version": version})).send()
    };
    assert_eq!(move_to(1, &tag).status, 200);
    let (status, code, detail) = move_to(2, &tag).problem();
    assert_eq!((status, code.as_str()), (412, "precondition-failed"));
    assert!(detail.starts_with("alias `champion` of `small` is at version 1 (blake3:"), "{detail}");
    assert!(detail.ends_with("): look again"), "{detail}");

    let now = server.get(ALIAS).send();
    assert_eq!(now.json()["version"], 1, "nothing moved");
    assert_ne!(now.header("etag"), tag);
    assert_eq!(move_to(2, &format!("\"other\", {}", now.header("etag"))).status, 200);
    let digest = second["model_version"]["digest"].as_str().expect("a digest");
    assert_eq!(move_to(1, &format!("\"{digest}\"")).status, 200, "a version's digest will do");
    assert_eq!(move_to(2, "*").status, 200, "wherever it is");

    let only_new = |alias: &str| {
        let path = format!("/v1/models/small/aliases/{alias}");
        server.put(&path).header("if-none-match", "*").json(&json!({"version": 1})).send().status
    };
    assert_eq!(only_new("fresh"), 200);
    assert_eq!(only_new("fresh"), 412);
    let nowhere = server.put("/v1/models/small/aliases/none").header("if-match", "*");
    let (status, _, detail) = nowhere.json(&json!({"version": 1})).send().problem();
    assert_eq!(
        (status, detail.as_str()),
        (412, "alias `none` of `small` is at nothing: look again")
    );
}

#[test]
fn a_known_answer_need_not_be_sent_again() {
    let (_refrain, server, run) = trained();
    let run = run["run"].as_str().expect("a name");
    for path in ["/v1/models", ALIAS, &format!("/v1/runs/{run}"), "/openapi.json"] {
        let first = server.get(path).send();
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("\"blake3:"), "{path}: {tag}");
        let again = server.get(path).header("if-none-match", &tag).send();
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), tag, "{path}");
        let other = server.get(path).header("if-none-match", "\"other\"").send();
        assert_eq!((other.status, &other.body), (200, &first.body), "{path}");
    }
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let (_refrain, server, _) = trained();
    let problem = |path: &str| server.get(path).send().problem();
    let cases = [
        ("/v1/models/smal", "there is no model `smal`; there are: small"),
        ("/v1/models/small/versions/7", "there is no version 7 of `small`"),
        ("/v1/models/small/aliases/best", "no version of model `small` has the alias `best`"),
    ];
    for (path, words) in cases {
        assert_eq!(problem(path), (404, "not-found".to_owned(), words.to_owned()));
    }
    let move_to = |body: Value| server.put(ALIAS).json(&body).send().problem();
    let (status, _, detail) = move_to(json!({"version": 7}));
    assert_eq!(
        (status, detail.as_str()),
        (404, "there is no model version `small/7`; versions: 1")
    );
    let (status, _, detail) = move_to(json!({"version": "latest"}));
    assert_eq!(status, 422);
    assert!(detail.contains("version: invalid type: string \"latest\", expected u64"), "{detail}");
    let back = server.post(&format!("{ALIAS}/rollback")).send().problem();
    assert_eq!(
        (back.0, back.2.as_str()),
        (400, "alias `champion` of model `small` has no place to go back to")
    );
}
