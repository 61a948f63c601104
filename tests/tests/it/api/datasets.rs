//! Datasets: made, added to, shown, compared, written out.

use refrain_testkit::{Server, small};
use serde_json::json;

use super::{import, server};

fn upload(server: &Server, options: &str, name: &str, bytes: &[u8]) -> refrain_testkit::Answer {
    let parts = [("options", None, options.as_bytes()), ("file", Some(name), bytes)];
    server.post("/v1/datasets/rows/versions").parts(&parts).send()
}

#[test]
fn rows_come_in_are_added_to_and_go_out_again() {
    let (_refrain, server) = server();
    let csv = small::rows_csv();
    let first = import(&server, &csv);
    assert_eq!(first["rows"], 600);
    assert_eq!(first["rows_quarantined"], 0);
    assert_eq!(import(&server, &csv), first, "a source is recognised");

    let more = small::hours_csv(600, 100);
    let options = r#"{"event_time": "at", "append": true}"#;
    let second = upload(&server, options, "more.csv", more.as_bytes());
    assert_eq!(second.status, 201, "{}", second.text());
    let second = second.json();
    assert_eq!(second["rows"], 700);

    let list = server.get("/v1/datasets").expect(200);
    let [dataset] = list["datasets"].as_array().expect("a list").as_slice() else {
        panic!("{list}")
    };
    assert_eq!(dataset["dataset"], "rows");
    assert_eq!(dataset["version"], second["version"]);
    assert_eq!((&dataset["rows"], &dataset["versions"]), (&json!(700), &json!(2)));
    let [from, to] = ["2024-01-01T00:00:00Z", "2024-02-02T03:00:00Z"];
    assert_eq!(dataset["event_time"], json!([from, to]));

    let shown = server.get("/v1/datasets/rows").expect(200);
    assert_eq!(shown["version"], second["version"]);
    let history: Vec<_> = shown["history"].as_array().expect("a list").iter().collect();
    assert_eq!(history[0]["version"], first["version"]);
    assert_eq!(history[1]["version"], second["version"]);
    assert_eq!(shown["schema"]["fields"][3]["name"], "late");
    assert_eq!(shown["schema"]["fields"][3]["kind"], "boolean");
    let files = shown["manifest"]["provenance"].as_array().expect("a list");
    assert_eq!(files[0]["file"], "rows.csv");
    assert_eq!((&files[1]["file"], &files[1]["rows"]), (&json!("more.csv"), &json!(100)));

    let version = first["version"].as_str().expect("a digest");
    let old = server.get(&format!("/v1/datasets/rows/versions/{version}")).expect(200);
    assert_eq!(old["manifest"]["rows"], 600);
    let latest = server.get("/v1/datasets/rows/versions/latest").expect(200);
    assert_eq!(latest, shown);
    let diff = server.get(&format!("/v1/datasets/rows/diff/{version}/latest")).expect(200);
    assert_eq!(diff["rows"], json!([600, 700]));
}

#[test]
fn rows_go_out_in_every_format_and_come_back_the_same() {
    let (_refrain, server) = server();
    let rows = import(&server, &small::rows_csv());
    let formats = [
        ("csv", "text/csv; charset=utf-8"),
        ("ndjson", "application/x-ndjson"),
        ("parquet", "application/vnd.apache.parquet"),
        ("arrow", "application/vnd.apache.arrow.file"),
        ("arrow-stream", "application/vnd.apache.arrow.stream"),
    ];
    for (format, kind) in formats {
        let path = format!("/v1/datasets/rows/versions/latest/rows?format={format}");
        let answer = server.get(&path).send();
        assert_eq!((answer.status, answer.header("content-type")), (200, kind));
        let parts = [
            ("options", None, &br#"{"schema": {"at": "timestamp-us"}}"#[..]),
            ("file", Some("export"), answer.body.as_slice()),
        ];
        let parts = match format {
            // Only a name tells that a text is CSV or NDJSON.
            "csv" => [parts[0], ("file", Some("export.csv"), parts[1].2)],
            "ndjson" => [parts[0], ("file", Some("export.ndjson"), parts[1].2)],
            _ => parts,
        };
        let back = server.post(&format!("/v1/datasets/{format}/versions")).parts(&parts);
        let back = back.expect(201);
        assert_eq!(back["rows"], rows["rows"], "{format}");
        let table = |name: &str| {
            server.get(&format!("/v1/datasets/{name}")).expect(200)["manifest"]["table"].clone()
        };
        let schema =
            |name: &str| server.get(&format!("/v1/datasets/{name}")).expect(200)["schema"].clone();
        assert_eq!(schema(format)["fields"], schema("rows")["fields"], "{format}");
        assert_eq!(table(format), table("rows"), "{format}: the same bytes");
    }
    let answer = server.get("/v1/datasets/rows/versions/latest/rows?format=xml").send();
    let (status, _, detail) = answer.problem();
    assert_eq!(status, 400);
    assert!(detail.starts_with("`xml` is no format"), "{detail}");
}

#[test]
fn uploads_that_cannot_be_read_name_the_place() {
    let (_refrain, server) = server();
    let mut ragged = small::rows_csv();
    ragged += "2024-06-01T00:00:00Z,1\n";
    let (status, code, detail) = upload(&server, "{}", "rows.csv", ragged.as_bytes()).problem();
    assert_eq!((status, code.as_str()), (422, "unimportable-source"));
    assert_eq!(
        detail,
        "rows.csv: line 602: 2 fields, the header has 4; \
         mend the file, or import it with `malformed: quarantine`"
    );
    assert_eq!(server.get("/v1/datasets").expect(200)["datasets"], json!([]), "nothing is left");

    let kept = upload(&server, r#"{"quarantine": true}"#, "rows.csv", ragged.as_bytes());
    assert_eq!(kept.status, 201);
    assert_eq!(kept.json()["rows_quarantined"], 1);

    let cases = [
        (("options", None, &b"{}"[..]), "part `file` is missing"),
        (("rows", Some("rows.csv"), b"a\n1\n"), "unknown part `rows`: send `options`, then `file`"),
        (("options", None, b"{\"x\": 1}"), "part `options`: unknown field `x`, expected "),
        (
            ("options", None, b"{\"append\": 1}"),
            "part `options`: invalid type: integer `1`, expected a boolean at line 1 column 12",
        ),
    ];
    for (part, begin) in cases {
        let answer = server.post("/v1/datasets/rows/versions").parts(&[part]).send();
        let (status, _, detail) = answer.problem();
        assert_eq!(status, 400, "{detail}");
        assert!(detail.starts_with(begin), "{detail}");
    }
}

/// How often a route has been answered with 200 or 201.
fn n_answered(server: &Server, route: &str) -> u64 {
    let text = server.get("/metrics").send().text();
    let is_it = |line: &&str| {
        line.starts_with("refrain_http_requests_total{method=\"POST\"")
            && line.contains(&format!("route=\"{route}\""))
            && line.contains("status=\"20")
    };
    let counts = text.lines().filter(is_it).filter_map(|line| line.rsplit_once(' '));
    counts.map(|(_, count)| count.parse::<u64>().expect("a count")).sum()
}

#[test]
fn a_file_that_the_server_knows_is_not_sent_again() {
    let (refrain, server) = server();
    refrain.write("rows.csv", small::rows_csv());
    let import = |more: &[&str]| {
        let arguments = ["data", "import", "rows", "rows.csv", "--server", &server.url];
        refrain.json(&[&arguments[..], more].concat())
    };
    let uploads = || n_answered(&server, "/v1/datasets/{name}/versions");
    let first = import(&["--event-time", "at"]);
    assert_eq!(uploads(), 1);
    assert_eq!(import(&["--event-time", "at"]), first);
    assert_eq!((uploads(), n_answered(&server, "/v1/datasets/{name}/sources")), (1, 1));

    assert_ne!(import(&[])["version"], first["version"], "read in another way");
    assert_eq!(uploads(), 2);
    let grown = import(&["--append"]);
    assert_eq!((&grown["rows"], uploads()), (&json!(1200), 3), "appended, whatever was known");
    refrain.write("rows.csv", small::hours_csv(0, 601));
    assert_eq!(import(&["--event-time", "at"])["rows"], 601);
    assert_eq!(uploads(), 4, "other bytes");
    refrain.write("rows.csv", small::rows_csv());
    assert_eq!(import(&["--event-time", "at"]), first);
    assert_eq!(uploads(), 4, "the first again");
}

#[test]
fn a_server_reads_no_file_of_its_own_machine() {
    let (refrain, server) = server();
    let path = refrain.write("rows.csv", small::rows_csv());
    let request = server.post("/v1/datasets/rows/versions").json(&json!({"path": path}));
    let (status, code, detail) = request.send().problem();
    assert_eq!((status, code.as_str()), (403, "forbidden"));
    assert_eq!(detail, "this server reads no files of its own: send the bytes as multipart");
}

#[test]
fn nothing_is_left_of_uploads() {
    let (refrain, server) = server();
    import(&server, &small::rows_csv());
    upload(&server, "{}", "rows.csv", b"");
    let left = std::fs::read_dir(refrain.store().join("incoming")).expect("a folder").count();
    assert_eq!(left, 0);
}

#[test]
fn an_import_tells_how_far_it_has_come() {
    let (_refrain, server) = server();
    let csv = small::hours_csv(0, 8000);
    let parts = [("file", Some("rows.csv"), csv.as_bytes())];
    let events: Vec<_> = server.post("/v1/datasets/rows/versions").parts(&parts).events().collect();
    let (last, before) = events.split_last().expect("events");
    assert!(before.iter().all(|event| event.name == "progress"), "{events:?}");
    assert_eq!((last.name.as_str(), &last.data["rows"]), ("result", &json!(8000)));
    let parts = [("file", Some("rows.csv"), &b"a,b\n1\n"[..])];
    let events: Vec<_> = server.post("/v1/datasets/rows/versions").parts(&parts).events().collect();
    let last = events.last().expect("an event");
    assert_eq!(last.name, "problem");
    assert_eq!(last.data["type"], "urn:refrain:problem:unimportable-source");
}
