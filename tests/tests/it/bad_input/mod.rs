//! What people get wrong, and what machines do: each is told in words that name the thing, the
//! place and the remedy, and leaves a store that is sound.

mod components;
mod data;
mod machine;
mod manners;
mod pipelines;

use refrain_testkit::{Refrain, small};

/// A folder with the dataset `rows`, and `pipeline.yaml` as given.
fn with(pipeline: &str) -> Refrain {
    let refrain = Refrain::new();
    refrain.write("rows.csv", small::rows_csv());
    refrain.json(&["data", "import", "rows", "rows.csv", "--event-time", "at"]);
    refrain.write("pipeline.yaml", pipeline);
    refrain
}

/// Runs a command that must fail with exactly this complaint.
#[track_caller]
fn says(refrain: &Refrain, arguments: &[&str], complaint: &str) {
    assert_eq!(refrain.complaint(arguments), complaint, "{arguments:?}");
}

/// Runs `pipeline.yaml`, which must not even begin, for exactly this reason.
#[track_caller]
fn refuses(pipeline: &str, complaint: &str) {
    let refrain = with(pipeline);
    says(&refrain, &["run", "pipeline.yaml"], complaint);
    assert_eq!(refrain.json(&["runs"])["total"], 0, "what is refused has no name");
}

/// Runs `pipeline.yaml`, which ends in this state for exactly this reason.
#[track_caller]
fn ends(refrain: &Refrain, status: &str, message: &str) {
    let output = refrain.run(&["run", "pipeline.yaml", "--json"]);
    assert!(!output.success, "it succeeded: {}", output.stdout);
    assert_eq!(output.stderr, "");
    let run = output.json();
    assert_eq!((run["status"].as_str(), run["message"].as_str()), (Some(status), Some(message)));
    assert_eq!(refrain.json(&["fsck"])["sound"], true);
}
