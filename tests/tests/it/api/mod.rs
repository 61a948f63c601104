//! The API over a real socket, as programs see it.

mod auth;
mod datasets;
mod metrics;
mod models;
mod openapi;
mod patience;
mod plugins;
mod protocol;
mod runs;
mod shutdown;

use refrain_testkit::{Refrain, Server, small};
use serde_json::{Value, json};

/// A server over an empty store.
fn server() -> (Refrain, Server) {
    let refrain = Refrain::new();
    let server = refrain.serve(&[]);
    (refrain, server)
}

/// Imports rows as the dataset `rows`.
fn import(server: &Server, csv: &str) -> Value {
    let options = json!({"event_time": "at"}).to_string();
    let parts = [("options", None, options.as_bytes()), ("file", Some("rows.csv"), csv.as_bytes())];
    server.post("/v1/datasets/rows/versions").parts(&parts).expect(201)
}

/// Submits a pipeline; answers the name of the run.
fn submit(server: &Server, pipeline: &str) -> String {
    let submitted = server.post("/v1/runs").json(&json!({"pipeline": pipeline})).expect(202);
    submitted["run"].as_str().expect("a name").to_owned()
}

/// Follows a run to its end; answers how it stands then.
fn finish(server: &Server, run: &str) -> Value {
    server.get(&format!("/v1/runs/{run}/events")).events().for_each(drop);
    server.get(&format!("/v1/runs/{run}")).expect(200)
}

/// A server whose dataset `rows` has been trained on once.
fn trained() -> (Refrain, Server, Value) {
    let (refrain, server) = server();
    import(&server, &small::rows_csv());
    let run = submit(&server, small::PIPELINE);
    let run = finish(&server, &run);
    assert_eq!(run["status"], "succeeded", "{run}");
    (refrain, server, run)
}
