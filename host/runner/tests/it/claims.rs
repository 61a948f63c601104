//! A bundle is signed by nothing: whoever changes a claim computes every digest anew. So every claim
//! is checked against the others, and nothing that a stranger can write makes the verifier panic.

use proptest::prelude::*;
use refrain_domain::Digest;
use refrain_runner::VerifyReport;
use serde_json::{Value, json};

use crate::bundles::{bundle, check, entries, tar_of};

/// A bundle whose index, plan and artifacts can be changed, and whose digests follow.
#[derive(Clone)]
struct Forged {
    index: Value,
    plan: Value,
    artifacts: Vec<Vec<u8>>,
}

fn canonical(value: &Value) -> Vec<u8> {
    refrain_domain::to_canonical(value).expect("JSON")
}

impl Forged {
    fn new() -> Self {
        let entries = entries(&bundle());
        let index: Value = serde_json::from_slice(&entries[0].1).expect("JSON");
        let is_plan =
            |(name, _): &&(String, Vec<u8>)| index["plan"] == name.replace("artifacts/", "blake3:");
        let plan = entries.iter().find(is_plan).expect("a plan").1.clone();
        let rest = entries[1..].iter().map(|(_, bytes)| bytes);
        let artifacts = rest.filter(|bytes| **bytes != plan).cloned().collect();
        Self { index, plan: serde_json::from_slice(&plan).expect("JSON"), artifacts }
    }

    /// Writes the bundle as if nothing had happened.
    fn check(&self) -> VerifyReport {
        let mut artifacts = self.artifacts.clone();
        artifacts.push(canonical(&self.plan));
        let mut index = self.index.clone();
        if index["plan"] == Self::new_plan_digest(&index) {
            let plan = Digest::of(&canonical(&self.plan)).to_string();
            index["plan"] = json!(plan);
            index["events"][0]["plan"] = json!(plan);
        }
        let digests: std::collections::BTreeSet<Digest> =
            artifacts.iter().map(|bytes| Digest::of(bytes)).collect();
        index["artifacts"] = json!(digests);
        let bytes = canonical(&index);
        let name = format!("bundle-{}.json", Digest::of(&bytes).to_hex());
        let mut files = vec![(name, bytes)];
        artifacts.sort_by_key(|bytes| Digest::of(bytes));
        artifacts.dedup();
        files.extend(
            artifacts
                .into_iter()
                .map(|bytes| (format!("artifacts/{}", Digest::of(&bytes).to_hex()), bytes)),
        );
        check(&tar_of(&files))
    }

    /// The index follows the plan, unless a test has set the index apart.
    fn new_plan_digest(index: &Value) -> Value {
        index["events"][0]["plan"].clone()
    }

    /// The event that ends a step.
    fn ending(&mut self, step: &str) -> &mut Value {
        let events = self.index["events"].as_array_mut().expect("events");
        events.iter_mut().find(|event| event["step"] == step).expect("the step has ended")
    }

    fn step(&mut self, step: &str) -> &mut Value {
        let steps = self.plan["steps"].as_array_mut().expect("steps");
        steps.iter_mut().find(|planned| planned["name"] == step).expect("the step is planned")
    }
}

fn refused(change: impl FnOnce(&mut Forged)) -> String {
    let mut forged = Forged::new();
    change(&mut forged);
    let report = forged.check();
    assert!(!report.valid, "it was believed");
    report.problem.expect("a problem")
}

#[test]
fn what_is_forged_without_a_change_is_valid() {
    let report = Forged::new().check();
    assert!(report.valid, "{report:?}");
}

#[test]
fn the_events_must_make_a_finished_run_of_the_plan() {
    let problem = refused(|f| f.index["plan"] = json!(Digest::of(b"another")));
    assert!(problem.starts_with("its events are of plan blake3:"), "{problem}");
    let events = |f: &mut Forged, change: fn(&mut Vec<Value>)| {
        change(f.index["events"].as_array_mut().expect("events"));
    };
    let problem = refused(|f| events(f, |events| drop(events.pop())));
    assert_eq!(problem, "its run has running, and proves nothing");
    let problem = refused(|f| events(f, |events| drop(events.remove(3))));
    assert!(problem.starts_with("its events do not finish step `"), "{problem}");
    let problem = refused(|f| events(f, |events| events.insert(3, events[2].clone())));
    assert!(problem.contains("which has ended before"), "{problem}");
    let problem = refused(|f| {
        let mut extra = f.ending("narrow").clone();
        extra["step"] = json!("unplanned");
        events(f, |_| ());
        f.index["events"].as_array_mut().expect("events").insert(3, extra);
    });
    assert_eq!(problem, "its events finish step `unplanned`, which is not planned");
}

#[test]
fn outputs_and_counts_must_be_those_that_were_made() {
    let problem = refused(|f| f.ending("kept")["outputs"] = json!({}));
    assert_eq!(problem, "step `kept` has other outputs than its plan promises");
    let problem = refused(|f| f.ending("kept")["units_executed"] = json!(7));
    assert_eq!(problem, "step `kept` counts other units than it records");
    let problem = refused(|f| f.ending("kept")["units_reused"] = json!((1_u64 << 53) - 1));
    assert_eq!(problem, "step `kept` counts other units than it records");
    let problem = refused(|f| f.ending("kept")["fuel"] = json!(7));
    assert_eq!(problem, "step `kept` counts other fuel than its units used");
    // Rows that the filter would have dropped.
    let problem = refused(|f| {
        let all = f.ending("doubled")["outputs"].clone();
        f.ending("kept")["outputs"] = all;
    });
    assert!(problem.starts_with("step `kept`: output `out` differs: chunk 0 had"), "{problem}");
    let problem = refused(|f| f.artifacts.push(b"a stowaway".to_vec()));
    assert!(problem.contains("which its run does not lead to"), "{problem}");
}

#[test]
fn verdicts_and_models_must_follow_from_the_metrics() {
    let last = |f: &mut Forged, key: &str, value: Value| {
        f.index["events"].as_array_mut().expect("events").last_mut().expect("an end")[key] = value;
    };
    let problem = refused(|f| last(f, "verdict", json!("pass")));
    assert_eq!(problem, "step `gate`: the recorded metrics lead to another verdict");
    let problem = refused(|f| {
        let model = b"no model".to_vec();
        let digest = Digest::of(&model);
        f.artifacts.push(model);
        let version = json!({"model": "m", "version": 1, "digest": digest, "alias": null});
        last(f, "model_version", version);
    });
    assert!(problem.starts_with("step `register`: the model version was blake3:"), "{problem}");
}

#[test]
fn a_plan_must_hang_together() {
    let problem = |change: fn(&mut Forged)| refused(change);
    assert!(problem(|f| f.plan["format"] = json!("refrain.plan/9")).contains("this version reads"));
    assert!(
        problem(|f| f.step("kept")["op"]["by"] = json!("nothing"))
            .ends_with("step `kept`: column `nothing` is not in its table")
    );
    assert!(
        problem(|f| f.step("kept")["op"]["by"] = json!("x"))
            .ends_with("step `kept`: column `x` is float64, and must be boolean")
    );
    assert!(problem(|f| f.step("kept")["inputs"] = json!([])).contains("inputs, and needs 1"));
    assert!(
        problem(
            |f| f.step("kept")["inputs"] = json!([{"step": {"step": "narrow", "output": "out"}}])
        )
        .contains("reads `narrow`, which is not there before it")
    );
    assert!(
        problem(|f| f.step("kept")["outputs"][0]["name"] = json!("other"))
            .contains("promises other tables than it makes")
    );
    assert!(problem(|f| f.step("kept")["name"] = json!("recent")).contains("two steps are named"));
    assert!(
        problem(|f| f.plan["inputs"]["points"]["rows"] = json!(11))
            .contains("the plan and the dataset version disagree")
    );
    assert!(
        problem(|f| f.plan["register"] = json!({"model": "m", "step": "kept", "alias": null}))
            .contains("`kept` is registered, and trains nothing")
    );
}

/// Everything in a JSON value that is not a list or a map, by its path.
fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| leaves(value, format!("{path}/{key}"), found));
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| leaves(value, format!("{path}/{index}"), found)),
        _ => found.push(path),
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|b| json!(b)),
        prop::sample::select(vec![0, 1, 2, 7, 1_000_000, (1_u64 << 53) - 1]).prop_map(|n| json!(n)),
        prop::sample::select(vec![
            "", "at", "x", "ok", "site", "out", "train", "points", "kept", "split", "narrow",
            "utf8", "vector", "boolean", "union", "filter",
        ])
        .prop_map(|text| json!(text)),
        Just(json!([])),
        Just(json!({})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Refused or not, the verifier answers.
    #[test]
    fn no_change_of_a_plan_makes_the_verifier_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), value()), 1..4),
        in_plan in any::<bool>(),
    ) {
        thread_local!(static FORGED: Forged = Forged::new());
        let mut forged = FORGED.with(Clone::clone);
        for (pick, value) in changes {
            let target = if in_plan { &mut forged.plan } else { &mut forged.index["events"] };
            let mut places = Vec::new();
            leaves(target, String::new(), &mut places);
            if let Some(place) = target.pointer_mut(&places[pick.index(places.len())]) {
                *place = value;
            }
        }
        let report = std::panic::catch_unwind(|| forged.check());
        prop_assert!(report.is_ok(), "it panicked");
    }
}
