//! Commands on a store of this machine: import, run, resume, gc.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refrain_testkit::{Refrain, small};
use serde_json::Value;

use super::{Fate, assert_sound, kill_at_random, made, timed};

/// Whoever is killed again and again gets more and more time: on a machine that has become slow, too,
/// there is an end.
const LONGER: f64 = 1.15;

/// Rows of numbers that no other seed has.
fn numbers_csv(seed: u64, n_rows: u64) -> String {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut csv = "id,a,b\n".to_owned();
    for row in 0..n_rows {
        csv += &format!("{row},{},{}\n", rng.random::<u32>(), rng.random::<f64>());
    }
    csv
}

/// The dataset's versions, oldest first.
fn history(refrain: &Refrain, dataset: &str) -> Vec<String> {
    let shown = refrain.run(&["data", "show", dataset, "--json"]);
    if !shown.success {
        assert!(shown.stderr.contains("there is no "), "{}", shown.stderr);
        return Vec::new();
    }
    let history = shown.json()["history"].as_array().expect("a list").clone();
    history.iter().map(|v| v["version"].as_str().expect("a digest").to_owned()).collect()
}

#[test]
fn killed_imports_are_there_whole_or_not_at_all() {
    let (refrain, elsewhere) = (Refrain::new(), Refrain::new());
    let mut rng = StdRng::seed_from_u64(1);
    let (mut n_kills, mut acknowledged) = (0, Vec::<String>::new());
    for seed in 0.. {
        let path = refrain.write("rows.csv", numbers_csv(seed, 60_000)).display().to_string();
        let import = ["data", "import", "rows", &path, "--json"];
        let (mut within, undisturbed) = timed(&elsewhere, &import[..4]);
        // The same again until it has been acknowledged: no killed import stands in its way.
        let version = loop {
            let fate = kill_at_random(&refrain, &import, &mut rng, within);
            assert_sound(&refrain);
            let now = history(&refrain, "rows");
            assert!(now.starts_with(&acknowledged), "{acknowledged:?} became {now:?}");
            match fate {
                Fate::Killed => (n_kills, within) = (n_kills + 1, within.mul_f64(LONGER)),
                Fate::Ended(output) => {
                    assert!(output.success, "{}", output.stderr);
                    break output.json()["version"].clone();
                }
            }
        };
        assert_eq!(undisturbed["version"], version, "seed {seed}");
        acknowledged = history(&refrain, "rows");
        assert_eq!(acknowledged.last().map(String::as_str), version.as_str());
        if n_kills >= 20 {
            break;
        }
    }
    assert_eq!(history(&refrain, "rows"), history(&elsewhere, "rows"));
}

/// Runs `pipeline.yaml` under this name, killing it again and again; answers how it ended.
fn run_and_kill(refrain: &Refrain, name: &str, rng: &mut StdRng, usual: Duration) -> (Value, u32) {
    let mut within = usual;
    let mut n_kills = 0;
    loop {
        let runs = refrain.json(&["runs", "--pipeline", name]);
        // A run whose name was never told may have been killed before it had one.
        let begun = runs["runs"][0]["run"].as_str().map(str::to_owned);
        let command = match &begun {
            None => vec!["run", "pipeline.yaml", "--json"],
            Some(run) => vec!["resume", run, "--json"],
        };
        let fate = kill_at_random(refrain, &command, rng, within);
        assert_sound(refrain);
        match fate {
            Fate::Killed => (n_kills, within) = (n_kills + 1, within.mul_f64(LONGER)),
            Fate::Ended(output) if output.success => return (output.json(), n_kills),
            Fate::Ended(output) => {
                // It had ended, and was killed before it could say so.
                assert!(output.stderr.contains("there is nothing to resume"), "{}", output.stderr);
                return (refrain.json(&["show", &begun.expect("a name")]), n_kills);
            }
        }
    }
}

#[test]
fn killed_runs_go_on_to_the_same_digests() {
    let (refrain, undisturbed) = (Refrain::new(), Refrain::new());
    for refrain in [&refrain, &undisturbed] {
        refrain.write("rows.csv", small::hours_csv(0, 3000));
        refrain.json(&["data", "import", "rows", "rows.csv", "--event-time", "at"]);
    }
    let mut rng = StdRng::seed_from_u64(2);
    let mut n_kills = 0;
    for round in 0.. {
        // Other trees: nothing is known from the round before.
        let name = format!("round{round}");
        let pipeline = small::long_pipeline(8)
            .replace("pipeline: long", &format!("pipeline: {name}"))
            .replace("n_trees: 400", &format!("n_trees: {}", 100 + round));
        refrain.write("pipeline.yaml", &pipeline);
        undisturbed.write("pipeline.yaml", &pipeline);
        let (usual, expected) = timed(&undisturbed, &["run", "pipeline.yaml"]);
        let (run, n) = run_and_kill(&refrain, &name, &mut rng, usual);
        n_kills += n;
        assert_eq!(run["status"], "succeeded");
        assert_eq!(made(&run), made(&expected), "{name}");
        let id = run["run"].as_str().expect("a name");
        assert_eq!(id, format!("{name}-1"), "one run, however often it was killed");
        assert_eq!(refrain.json(&["replay", id])["identical"], true);
        if n_kills >= 20 {
            break;
        }
    }
    assert_eq!(refrain.json(&["models"]), undisturbed.json(&["models"]));
}

#[test]
fn killed_collections_lose_nothing_that_is_live() {
    let refrain = Refrain::new();
    refrain.write("rows.csv", small::rows_csv());
    refrain.json(&["data", "import", "rows", "rows.csv", "--event-time", "at"]);
    refrain.write("pipeline.yaml", small::PIPELINE);
    let run = refrain.json(&["run", "pipeline.yaml"]);
    let mut datasets = refrain.json(&["data", "list"]);
    let mut rng = StdRng::seed_from_u64(3);
    let (mut n_kills, mut n_swept) = (0, 0_u64);
    refrain.write("large.csv", numbers_csv(99, 60_000));
    let (mut import_within, _) = timed(&refrain, &["data", "import", "large", "large.csv"]);
    let (mut gc_within, _) = timed(&refrain, &["gc"]);
    for round in 0..200 {
        if n_kills >= 20 && n_swept > 0 {
            break;
        }
        // Garbage: what a killed import left. What was not killed in time adds to what is live.
        refrain.write("large.csv", numbers_csv(100 + round, 60_000));
        let import = ["data", "import", &format!("large{round}"), "large.csv", "--json"];
        // However fast the machine is, and whatever else it does, some are killed and some are not.
        match kill_at_random(&refrain, &import, &mut rng, import_within) {
            Fate::Killed => import_within = import_within.mul_f64(LONGER),
            Fate::Ended(output) => {
                assert!(output.success, "{}", output.stderr);
                datasets = refrain.json(&["data", "list"]);
                import_within = import_within.div_f64(LONGER);
            }
        }
        match kill_at_random(&refrain, &["gc", "--json"], &mut rng, gc_within) {
            Fate::Killed => (n_kills, gc_within) = (n_kills + 1, gc_within.mul_f64(LONGER)),
            Fate::Ended(output) => {
                n_swept += output.json()["swept"].as_u64().expect("a count");
                gc_within = gc_within.div_f64(LONGER);
            }
        }
        assert_sound(&refrain);
        let now = refrain.json(&["data", "list"]);
        let is_there =
            |dataset| now["datasets"].as_array().is_some_and(|all| all.contains(dataset));
        assert!(datasets["datasets"].as_array().expect("a list").iter().all(is_there), "{now}");
        datasets = now;
    }
    assert!(n_kills >= 20 && n_swept > 0, "{n_kills} kills, {n_swept} artifacts swept");
    refrain.json(&["gc"]);
    assert_sound(&refrain);
    let name = run["run"].as_str().expect("a name");
    assert_eq!(refrain.json(&["replay", name])["identical"], true);
    for dataset in datasets["datasets"].as_array().expect("a list") {
        let name = dataset["dataset"].as_str().expect("a name");
        refrain.json(&["data", "export", name, "-o", "out.csv"]);
    }
}
