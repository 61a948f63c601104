//! What holds for every request: keys, ids, limits, refusals.

use refrain_domain::Digest;
use refrain_testkit::{Answer, Server, plugin, small};
use serde_json::json;

use super::{import, server, trained};

fn compile(server: &Server, key: &str, plugins: &[&str]) -> Answer {
    let body = json!({"plugins": plugins});
    server.post("/v1/plugins/compile").header("idempotency-key", key).json(&body).send()
}

#[test]
fn a_request_that_is_sent_twice_is_done_once() {
    let (refrain, server) = server();
    import(&server, &small::rows_csv());
    let submit = |server: &Server, key: &str, pipeline: &str| {
        let request = server.post("/v1/runs").header("idempotency-key", key);
        request.json(&json!({"pipeline": pipeline})).send()
    };
    let first = submit(&server, "a", small::PIPELINE);
    assert_eq!((first.status, first.header("idempotency-replayed")), (202, ""));
    let again = submit(&server, "a", small::PIPELINE);
    assert_eq!((again.status, &again.body), (202, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert_eq!(server.get("/v1/runs").expect(200)["total"], 1);

    let other = submit(&server, "a", &small::long_pipeline(1));
    let (status, code, detail) = other.problem();
    assert_eq!((status, code.as_str()), (409, "idempotency-key-reused"));
    assert_eq!(detail, "this idempotency key was used for another request: take a new one");
    assert_eq!(submit(&server, "b", small::PIPELINE).json()["run"], "small-2");

    assert!(server.stop());
    let server = refrain.serve(&[]);
    let later = submit(&server, "a", small::PIPELINE);
    assert_eq!(later.body, first.body, "a key outlives the process");
    assert_eq!(later.header("idempotency-replayed"), "true");
}

#[test]
fn a_key_belongs_to_one_request_with_all_that_it_says() {
    let (_refrain, server) = server();
    let register = |query: &str, key: &str| {
        let request = server.post(&format!("/v1/plugins?{query}")).header("idempotency-key", key);
        request.body("application/wasm", plugin("standardize")).send()
    };
    assert_eq!(register("name=a&version=1.0.0", "k").status, 201);
    assert_eq!(register("name=b&version=1.0.0", "k").problem().0, 409, "another query");
    assert_eq!(compile(&server, "k", &[]).problem().0, 409, "another route");
    let refused = register("name=a&version=1", "l");
    assert_eq!(refused.status, 400);
    assert_eq!(register("name=a&version=1.0.1", "l").status, 201, "a refusal uses no key up");
    for strange in ["", &"k".repeat(300)] {
        let (status, _, detail) = compile(&server, strange, &[]).problem();
        assert_eq!(status, 400);
        assert_eq!(detail, "an idempotency key has 1 to 255 characters");
    }
}

#[test]
fn of_requests_at_once_with_one_key_one_is_done() {
    let (_refrain, server) = server();
    import(&server, &small::rows_csv());
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let send = || {
            let request = server.post("/v1/runs").header("idempotency-key", "once");
            request.json(&json!({"pipeline": small::PIPELINE})).send()
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    for answer in &answers {
        match answer.status {
            202 => assert_eq!(answer.json()["run"], "small-1"),
            _ => assert_eq!(answer.problem().1, "conflict", "it is told to wait"),
        }
    }
    assert_eq!(server.get("/v1/runs").expect(200)["total"], 1);
}

#[test]
fn every_answer_carries_the_id_of_its_request() {
    let (_refrain, server) = server();
    let mine = server.get("/v1/runs").header("x-request-id", "ann-7_b.c").send();
    assert_eq!(mine.header("x-request-id"), "ann-7_b.c");
    let refused = server.get("/v1/runs/none").header("x-request-id", "ann-8").send();
    assert_eq!(refused.json()["instance"], "ann-8");
    for strange in ["", "with space", "ü", &"x".repeat(65)] {
        let id = server.get("/healthz").header("x-request-id", strange).send();
        let id = id.header("x-request-id").to_owned();
        assert!(id.len() == 16 && id != strange, "{strange:?} became {id:?}");
    }
    let ids: std::collections::HashSet<String> =
        (0..50).map(|_| server.get("/healthz").send().header("x-request-id").to_owned()).collect();
    assert_eq!(ids.len(), 50);
}

#[test]
fn what_cannot_be_understood_is_a_problem_with_a_place() {
    let (_refrain, server) = server();
    let post = |path: &str, body: &str| {
        let answer = server.post(path).body("application/json", body).send();
        answer.problem()
    };
    let (status, code, detail) = post("/v1/runs", "{\"pipeline\": \"x\",\n  oops}");
    assert_eq!((status, code.as_str()), (400, "bad-request"));
    assert!(detail.ends_with("key must be a string at line 2 column 3"), "{detail}");
    let (status, _, detail) = post("/v1/runs", "{\"pipeline\": 7}");
    assert_eq!(status, 422);
    assert!(
        detail.ends_with(
            "pipeline: invalid type: integer `7`, expected a string at line 1 column 14"
        ),
        "{detail}"
    );
    let (status, _, detail) = post("/v1/runs", "{\"pipelin\": \"\"}");
    assert_eq!(status, 422);
    assert!(detail.contains("unknown field `pipelin`, expected one of `pipeline`"), "{detail}");
    let (status, _, detail) = post("/v1/runs", "");
    assert_eq!(status, 400);
    assert!(detail.contains("EOF while parsing a value"), "{detail}");
    let answer = server.post("/v1/runs").body("text/plain", "{}").send();
    let (status, code, detail) = answer.problem();
    assert_eq!((status, code.as_str()), (415, "unsupported-media-type"));
    assert!(detail.contains("application/json"), "{detail}");
}

#[test]
fn unknown_places_and_methods_are_problems_too() {
    let (_refrain, server) = server();
    let cases = [
        ("GET", "/v2/none", 404, "not-found", "there is nothing at `/v2/none`"),
        ("GET", "/v1/runs/", 404, "not-found", "there is nothing at `/v1/runs/`"),
        ("GET", "/v1/runs/none-1", 404, "not-found", "there is no run `none-1`"),
        ("DELETE", "/v1/runs", 405, "method-not-allowed", "`/v1/runs` does not take this method"),
        ("GET", "/v1/plans", 405, "method-not-allowed", "`/v1/plans` does not take this method"),
        (
            "GET",
            "/v1/artifacts/blake3:00",
            400,
            "bad-request",
            "`blake3:00` is not a digest: expected `blake3:` and 64 hex digits",
        ),
    ];
    for (method, path, status, code, detail) in cases {
        let found = server.request(method, path).send().problem();
        assert_eq!(found, (status, code.to_owned(), detail.to_owned()), "{method} {path}");
    }
    let refused = server.request("DELETE", "/v1/runs").send();
    assert_eq!(refused.header("allow"), "GET,HEAD,POST");
    let strange = server.get("/v1/models/x/versions/first").send().problem();
    assert_eq!((strange.0, strange.1.as_str()), (400, "bad-request"));
}

#[test]
fn bodies_beyond_the_limit_are_refused() {
    let (_refrain, server) = server();
    let large = " ".repeat((8 << 20) + 1);
    let request = || server.post("/v1/runs").body("application/json", large.as_str());
    for answer in [request().send(), request().header("idempotency-key", "k").send()] {
        let (status, code, _) = answer.problem();
        assert_eq!((status, code.as_str()), (413, "too-large"));
    }
    let component = vec![0; (65 << 20) + 1];
    let request = server.post("/v1/plugins?name=x&version=1.0.0");
    let (status, code, _) = request.body("application/wasm", component).send().problem();
    assert_eq!((status, code.as_str()), (413, "too-large"));
    assert_eq!(server.get("/healthz").send().status, 200);
}

#[test]
fn artifacts_are_had_by_digest_and_never_change() {
    let (_refrain, server, run) = trained();
    let plan = run["plan"].as_str().expect("a digest");
    let path = format!("/v1/artifacts/{plan}");
    let answer = server.get(&path).send();
    assert_eq!(Digest::of(&answer.body).to_string(), plan);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("etag"), format!("\"{plan}\""));
    assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
    let known = server.get(&path).header("if-none-match", answer.header("etag")).send();
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), answer.header("etag"));
    let head = server.request("HEAD", &path).send();
    assert_eq!((head.status, head.header("etag")), (200, answer.header("etag")));

    let part = server.get(&path).header("range", "bytes=0-9").send();
    assert_eq!(
        (part.status, &part.body),
        (200, &answer.body),
        "an artifact is verified as a whole"
    );

    let component = plugin("impute");
    let digest = Digest::of(&component);
    let answer = server.get(&format!("/v1/artifacts/{digest}")).send();
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert!(answer.body == component);

    let missing = Digest::of(b"none");
    let path = format!("/v1/artifacts/{missing}");
    let (status, code, detail) = server.get(&path).send().problem();
    assert_eq!((status, code.as_str()), (404, "not-found"));
    assert_eq!(detail, format!("artifact {missing} is not in the store"));
    let tag = format!("\"{missing}\"");
    let status = server.get(&path).header("if-none-match", &tag).send().status;
    assert_eq!(status, 404, "knowing a name is not having it");
}

#[test]
fn answers_of_many_megabytes_arrive_whole() {
    let (_refrain, server) = server();
    // A dataset whose manifest is more than ETags are computed for.
    let text = "x".repeat(50_000);
    let header: Vec<String> = (0..120).map(|column| format!("c{column}")).collect();
    let csv = format!("{}\n{}\n", header.join(","), vec![text; 120].join(","));
    let parts = [("file", Some("wide.csv"), csv.as_bytes())];
    server.post("/v1/datasets/wide/versions").parts(&parts).expect(201);
    let answer = server.get("/v1/datasets/wide").send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.body.len() > 5 << 20, "{}", answer.body.len());
    assert_eq!(answer.json()["manifest"]["rows"], 1);
    let version = answer.json()["version"].as_str().expect("a digest").to_owned();
    let artifact = server.get(&format!("/v1/artifacts/{version}")).send();
    assert_eq!(Digest::of(&artifact.body).to_string(), version);
}

#[test]
fn the_server_says_who_it_is_and_whether_it_is_ready() {
    let (_refrain, server) = server();
    let health = server.get("/healthz").expect(200);
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("0.1.0")));
    assert!(health["engine"].as_str().expect("a text").starts_with("wasmtime"), "{health}");
    assert!(health["profile"].as_str().expect("a digest").starts_with("blake3:"));
    assert_eq!(server.get("/readyz").expect(200), health);
}
