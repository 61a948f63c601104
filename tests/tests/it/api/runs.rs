//! Runs: planned, submitted, watched, compared, replayed, ended.

use refrain_testkit::small;
use serde_json::{Value, json};

use super::{finish, import, server, submit, trained};

#[test]
fn a_plan_says_what_a_run_would_do_and_does_nothing() {
    let (_refrain, server) = server();
    let imported = import(&server, &small::rows_csv());
    let request = json!({"pipeline": small::PIPELINE});
    let plan = server.post("/v1/plans").json(&request).expect(200);
    assert_eq!(plan["pipeline"], "small");
    let steps = plan["steps"].as_array().expect("a list");
    let named = |name: &str| steps.iter().find(|step| step["step"] == name).expect("a step");
    assert_eq!(named("model")["plugin"], "logistic-regression@0.1.0");
    assert_eq!(plan["manifest"]["inputs"]["rows"]["version"], imported["version"]);
    assert_eq!(server.get("/v1/runs").expect(200), json!({"runs": [], "total": 0}));
    let same = server.post("/v1/plans").json(&request).expect(200);
    assert_eq!(same, plan, "equal plans are equal bytes");
    let submitted = server.post("/v1/runs").json(&request).send();
    assert_eq!(submitted.status, 202);
    assert_eq!(submitted.json()["plan"], plan["plan"]);
    assert_eq!(submitted.header("location"), "/v1/runs/small-1");
}

#[test]
fn a_run_is_watched_to_its_end_and_from_anywhere_in_between() {
    let (_refrain, server, run) = trained();
    assert_eq!(run["verdict"], "pass");
    let name = run["run"].as_str().expect("a name");
    let path = format!("/v1/runs/{name}/events");
    let all: Vec<_> = server.get(&path).events().collect();
    let names: Vec<&str> = all.iter().map(|event| event.name.as_str()).collect();
    assert_eq!((names[0], names[1]), ("submitted", "started"), "{names:?}");
    assert_eq!(names.last(), Some(&"finished"), "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "step-finished").count(), names.len() - 3);
    let numbers: Vec<u64> = all.iter().filter_map(|event| event.id).collect();
    assert_eq!(numbers, (0..all.len() as u64).collect::<Vec<_>>());
    for seen in [0, 1, all.len() - 2] {
        let rest = server.get(&path).header("last-event-id", &seen.to_string()).events();
        assert_eq!(rest.collect::<Vec<_>>(), all[seen + 1..], "after {seen}");
    }
    for beyond in ["1000", &u64::MAX.to_string()] {
        let rest = server.get(&path).header("last-event-id", beyond).events();
        assert_eq!(rest.count(), 0, "after {beyond}");
    }
    let from_nonsense = server.get(&path).header("last-event-id", "x").events();
    assert_eq!(from_nonsense.count(), all.len());
}

#[test]
fn many_watch_a_run_while_it_goes_on() {
    let (_refrain, server) = server();
    import(&server, &small::rows_csv());
    let run = submit(&server, &small::long_pipeline(4));
    let path = format!("/v1/runs/{run}/events");
    let watch = || server.get(&path).events().collect::<Vec<_>>();
    let seen: Vec<Vec<_>> = std::thread::scope(|scope| {
        let watchers: Vec<_> = (0..8).map(|_| scope.spawn(watch)).collect();
        watchers.into_iter().map(|watcher| watcher.join().expect("it watched")).collect()
    });
    assert_eq!(seen[0].last().expect("an event").name, "finished");
    assert!(seen.iter().all(|events| *events == seen[0]));
}

#[test]
fn runs_are_listed_newest_first_and_filtered() {
    let (_refrain, server, first) = trained();
    let second = submit(&server, small::PIPELINE);
    let second = finish(&server, &second);
    assert_eq!(second["units_executed"], 0, "nothing is new");
    assert_eq!(second["units_reused"], first["units_executed"]);
    let long = submit(&server, &small::long_pipeline(1));
    finish(&server, &long);
    let names = |query: &str| {
        let list = server.get(&format!("/v1/runs{query}")).expect(200);
        let runs = list["runs"].as_array().expect("a list").iter();
        let names: Vec<String> =
            runs.map(|run| run["run"].as_str().expect("a name").to_owned()).collect();
        (names.join(" "), list["total"].as_u64().expect("a count"))
    };
    let some = |text: &str, total: u64| (text.to_owned(), total);
    assert_eq!(names(""), some("small-2 small-1 long-1", 3));
    assert_eq!(names("?pipeline=small"), some("small-2 small-1", 2));
    assert_eq!(names("?pipeline=small&limit=1"), some("small-2", 2));
    assert_eq!(names("?status=succeeded&limit=2"), some("small-2 small-1", 3));
    assert_eq!(names("?status=failed"), some("", 0));
    assert_eq!(names("?pipeline=none"), some("", 0));
    let (status, _, detail) = server.get("/v1/runs?state=failed").send().problem();
    assert_eq!(status, 400);
    assert!(detail.contains("unknown field `state`, expected one of `pipeline`"), "{detail}");
    let (status, _, detail) = server.get("/v1/runs?status=done").send().problem();
    assert_eq!(status, 400);
    assert_eq!(
        detail,
        "`done` is no state of a run: write submitted, running, succeeded, failed, aborted or cancelled"
    );
}

#[test]
fn two_runs_differ_by_what_was_changed() {
    let (_refrain, server, first) = trained();
    let changed = small::PIPELINE
        .replace("label: late, features: [x, y]", "label: late, features: [x, y], c: 0.5");
    let second = submit(&server, &changed);
    let second = finish(&server, &second);
    let [a, b] = [&first, &second].map(|run| run["run"].as_str().expect("a name"));
    let diff = server.get(&format!("/v1/runs/{a}/diff/{b}")).expect(200);
    let cause = diff["first_cause"].to_string();
    assert!(cause.contains("model") && cause.contains("0.5"), "{diff}");
    let same = server.get(&format!("/v1/runs/{a}/diff/{a}")).expect(200);
    assert_eq!(same["first_cause"], Value::Null);
    let (status, _, detail) = server.get(&format!("/v1/runs/{a}/diff/small-9")).send().problem();
    assert_eq!(
        (status, detail.as_str()),
        (404, "there is no run `small-9`; did you mean `small-1`?")
    );
}

#[test]
fn a_replay_compares_every_unit_and_tells_the_steps() {
    let (_refrain, server, run) = trained();
    let path = format!("/v1/runs/{}/replay", run["run"].as_str().expect("a name"));
    let report = server.post(&path).json(&json!({"threads": 2})).expect(200);
    assert_eq!(report["identical"], true, "{report}");
    assert_eq!(report["units_compared"], run["units_executed"]);
    let events: Vec<_> = server.post(&path).json(&json!({})).events().collect();
    let (last, before) = events.split_last().expect("events");
    assert_eq!((last.name.as_str(), &last.data["identical"]), ("result", &json!(true)));
    assert!(before.iter().any(|event| event.data["step"] == "model"), "{before:?}");
    let (status, _, detail) = server.post(&path).json(&json!({"backend": "x86"})).send().problem();
    assert_eq!((status, detail.as_str()), (400, "`x86` is no backend: write cranelift or pulley"));
}

#[test]
fn a_bundle_is_whole_and_is_verified_elsewhere() {
    let (refrain, server, run) = trained();
    let name = run["run"].as_str().expect("a name");
    let answer = server.get(&format!("/v1/runs/{name}/bundle")).send();
    assert_eq!(answer.header("content-type"), "application/x-tar");
    assert_eq!(
        answer.header("content-disposition"),
        format!("attachment; filename=\"{name}.refrain.tar\"")
    );
    refrain.write("run.tar", &answer.body);
    assert_eq!(refrain.json(&["verify", "run.tar"])["valid"], true);
    assert_eq!(server.get("/v1/runs/small-9/bundle").send().problem().0, 404);
}

#[test]
fn a_run_under_way_is_cancelled_for_good() {
    let (_refrain, server) = server();
    import(&server, &small::rows_csv());
    let run = submit(&server, &small::long_pipeline(12));
    let path = format!("/v1/runs/{run}");
    let mut events = server.get(&format!("{path}/events")).events();
    events.find(|event| event.name == "step-finished").expect("it goes on");
    server.post(&format!("{path}/cancel")).expect(202);
    assert_eq!(events.last().expect("an event").name, "cancelled");
    let ended = server.get(&path).expect(200);
    assert_eq!(ended["status"], "cancelled");
    assert!(ended["steps"].as_array().expect("a list").len() < 17, "it was under way");
    let (status, _, detail) = server.post(&format!("{path}/cancel")).send().problem();
    assert_eq!(status, 400);
    assert_eq!(detail, format!("run `{run}` has cancelled; only a run under way can be cancelled"));
    let (status, _, detail) =
        server.post(&format!("{path}/resume")).json(&json!({})).send().problem();
    assert_eq!(status, 400);
    assert_eq!(detail, format!("run `{run}` has cancelled: there is nothing to resume"));
}

#[test]
fn a_pipeline_that_cannot_be_run_is_refused_before_it_has_a_name() {
    let (_refrain, server) = server();
    import(&server, &small::rows_csv());
    let refused = |path: &str, body: &Value| server.post(path).json(body).send().problem();
    let typo = small::PIPELINE.replace("gate:", "gates:");
    let unknown = small::PIPELINE.replace("dataset: rows", "dataset: row");
    let column = small::PIPELINE.replace("columns: [x, y]", "columns: [x, z]");
    for path in ["/v1/plans", "/v1/runs"] {
        let (status, code, detail) = refused(path, &json!({"pipeline": typo}));
        assert_eq!((status, code.as_str()), (400, "invalid-pipeline"), "{detail}");
        assert!(detail.contains("unknown key `gates`; did you mean `gate`?"), "{detail}");
        let (status, code, detail) = refused(path, &json!({"pipeline": unknown}));
        assert_eq!((status, code.as_str()), (422, "unplannable-pipeline"), "{detail}");
        assert_eq!(detail, "input `rows`: there is no dataset `row`; did you mean `rows`?");
        let (status, _, detail) = refused(path, &json!({"pipeline": column}));
        assert_eq!(status, 422, "{detail}");
        assert!(detail.contains("`z`") && detail.contains("scaled"), "{detail}");
        let inputs = json!({"pipeline": small::PIPELINE, "inputs": {"rows": "blake3:1"}});
        let (status, _, detail) = refused(path, &inputs);
        assert_eq!(status, 400);
        assert_eq!(
            detail,
            "input `rows`: `blake3:1` is not a digest: expected `blake3:` and 64 hex digits"
        );
    }
    assert_eq!(server.get("/v1/runs").expect(200)["total"], 0);
}
