//! What Prometheus is told.

use std::collections::BTreeMap;

use refrain_testkit::{Server, small};

use super::{finish, import, server, submit};

/// Sample, with its labels, to value.
fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let answer = server.get("/metrics").send();
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((answer.status, answer.header("content-type")), (200, kind));
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let samples = lines.map(|line| {
        let (sample, value) = line.rsplit_once(' ').expect("a sample");
        (sample.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
    });
    samples.collect()
}

#[test]
fn runs_units_fuel_and_bytes_are_counted() {
    let (_refrain, server) = server();
    let before = scrape(&server);
    assert_eq!(before["refrain_runs_total{status=\"succeeded\"}"], 0.0);
    assert_eq!(before["refrain_units_total{outcome=\"executed\"}"], 0.0);
    assert!(before["refrain_store_artifacts"] > 0.0, "the bundled plugins");

    import(&server, &small::rows_csv());
    let first = submit(&server, small::PIPELINE);
    let first = finish(&server, &first);
    let second = submit(&server, small::PIPELINE);
    let second = finish(&server, &second);
    let after = scrape(&server);
    assert_eq!(after["refrain_runs_total{status=\"succeeded\"}"], 2.0);
    assert_eq!(after["refrain_runs_total{status=\"failed\"}"], 0.0);
    assert_eq!(after["refrain_runs_under_way"], 0.0);
    let sum =
        |key: &str| first[key].as_f64().expect("a count") + second[key].as_f64().expect("one");
    assert_eq!(after["refrain_units_total{outcome=\"executed\"}"], sum("units_executed"));
    assert_eq!(after["refrain_units_total{outcome=\"reused\"}"], sum("units_reused"));
    assert_eq!(after["refrain_fuel_total"], sum("fuel"));
    for bytes in ["artifact", "pack", "index"] {
        assert!(after[&format!("refrain_store_{bytes}_bytes")] > 0.0, "{bytes}");
    }
}

#[test]
fn requests_are_counted_by_route_and_never_by_path() {
    let (_refrain, server) = server();
    for run in ["a", "b", "c"] {
        server.get(&format!("/v1/runs/{run}")).expect(404);
    }
    server.get("/nowhere").expect(404);
    server.request("TRACE", "/nowhere").expect(404);
    let found = scrape(&server);
    let requests = |labels: &str| found.get(&format!("refrain_http_requests_total{{{labels}}}"));
    assert_eq!(requests(r#"method="GET",route="/v1/runs/{run}",status="404""#), Some(&3.0));
    assert_eq!(requests(r#"method="GET",route="none",status="404""#), Some(&1.0));
    assert_eq!(requests(r#"method="other",route="none",status="404""#), Some(&1.0));
    let duration = "refrain_http_request_duration_seconds";
    let labels = r#"method="GET",route="/v1/runs/{run}""#;
    assert_eq!(found[&format!("{duration}_count{{{labels}}}")], 3.0);
    assert!(found[&format!("{duration}_sum{{{labels}}}")] > 0.0);
    assert_eq!(found[&format!("{duration}_bucket{{le=\"+Inf\",{labels}}}")], 3.0);
    assert!(found.keys().all(|sample| !sample.contains("nowhere")), "{found:?}");
}
