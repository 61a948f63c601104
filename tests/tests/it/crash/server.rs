//! A server dies under its clients, who remember what they were told.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refrain_testkit::{Refrain, Request, Server, small};
use serde_json::{Value, json};

use super::{assert_sound, made};

/// What was acknowledged.
#[derive(Default)]
struct Told {
    /// Dataset and version.
    versions: Vec<(String, Value)>,
    /// Runs that have a name.
    runs: Vec<String>,
    /// Where the alias was last said to be.
    alias: u64,
}

/// The answer, if the server lived to give it whole.
fn ask(request: Request, status: u16) -> Option<Value> {
    let answer = request.try_send()?;
    assert_eq!(answer.status, status, "{}", answer.text());
    Some(answer.json())
}

/// Imports, submits and promotes until the server is gone.
fn work(server: &Server, n: &AtomicU64, told: &Mutex<Told>) {
    let told = || told.lock().expect("no panic before");
    loop {
        let number = n.fetch_add(1, Ordering::Relaxed);
        let dataset = format!("part{number}");
        let csv = small::hours_csv(number as u32, 50);
        let parts = [("file", Some("part.csv"), csv.as_bytes())];
        let path = format!("/v1/datasets/{dataset}/versions");
        let Some(imported) = ask(server.post(&path).parts(&parts), 201) else { return };
        told().versions.push((dataset, imported["version"].clone()));
        let pipeline = small::PIPELINE
            .replace("features: [x, y]", &format!("features: [x, y], c: {}", number + 1));
        let Some(submitted) =
            ask(server.post("/v1/runs").json(&json!({"pipeline": pipeline})), 202)
        else {
            return;
        };
        told().runs.push(submitted["run"].as_str().expect("a name").to_owned());
    }
}

/// Moves an alias to and fro until the server is gone; nobody else moves it.
fn promote(server: &Server, told: &Mutex<Told>) {
    loop {
        let to = 3 - told.lock().expect("no panic before").alias;
        let path = "/v1/models/small/aliases/mine";
        let moved = ask(server.put(path).json(&json!({"version": to})), 200);
        let Some(moved) = moved else { return };
        told.lock().expect("no panic before").alias = moved["version"].as_u64().expect("a number");
    }
}

fn assert_told(server: &Server, told: &Told) {
    for (dataset, version) in &told.versions {
        assert_eq!(server.get(&format!("/v1/datasets/{dataset}")).expect(200)["version"], *version);
    }
    for run in &told.runs {
        server.get(&format!("/v1/runs/{run}")).expect(200);
    }
    let alias = server.get("/v1/models/small/aliases/mine").expect(200);
    // A move that was not acknowledged may have been done.
    assert!([told.alias, 3 - told.alias].contains(&alias["version"].as_u64().expect("a number")));
}

#[test]
fn killed_servers_keep_what_they_acknowledged() {
    let refrain = Refrain::new();
    refrain.write("rows.csv", small::rows_csv());
    refrain.json(&["data", "import", "rows", "rows.csv", "--event-time", "at"]);
    for pipeline in [
        small::PIPELINE.to_owned(),
        small::PIPELINE.replace("[x, y]}}\n  report", "[x]}}\n  report"),
    ] {
        refrain.write("pipeline.yaml", pipeline);
        assert_eq!(refrain.json(&["run", "pipeline.yaml"])["status"], "succeeded");
    }
    refrain.json(&["promote", "small", "1", "--alias", "mine"]);
    let (n, told) = (AtomicU64::new(0), Mutex::new(Told { alias: 1, ..Told::default() }));
    let mut rng = StdRng::seed_from_u64(4);
    const N_KILLS: usize = 15;
    for _ in 0..N_KILLS {
        let server = refrain.serve(&[]);
        assert_told(&server, &told.lock().expect("no panic before"));
        let after = Duration::from_millis(rng.random_range(0..400));
        std::thread::scope(|scope| {
            let workers = [0, 1].map(|_| scope.spawn(|| work(&server, &n, &told)));
            let promoter = scope.spawn(|| promote(&server, &told));
            std::thread::sleep(after);
            server.kill();
            workers.into_iter().for_each(|worker| worker.join().expect("no surprise"));
            promoter.join().expect("no surprise");
        });
        assert_sound(&refrain);
    }
    let server = refrain.serve(&[]);
    let told = told.into_inner().expect("no panic before");
    assert_told(&server, &told);
    assert!(told.versions.len() > N_KILLS && told.runs.len() > N_KILLS);
    for run in &told.runs {
        server.get(&format!("/v1/runs/{run}/events")).events().for_each(drop);
        let ended = server.get(&format!("/v1/runs/{run}")).expect(200);
        assert_eq!(ended["status"], "succeeded", "{run}");
    }
    // One of those that were under way at a kill, against one that was never disturbed.
    let last = server.get(&format!("/v1/runs/{}", told.runs.last().expect("a run"))).expect(200);
    let name = last["run"].as_str().expect("a name");
    let replay = server.post(&format!("/v1/runs/{name}/replay")).json(&json!({})).expect(200);
    assert_eq!(replay["identical"], true);
    assert!(made(&last)["model"].is_string());
}
