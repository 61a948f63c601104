//! The binary is killed at any moment, again and again: what it acknowledged is there, the store is
//! sound, and a run goes on to the very digests that it would have had undisturbed.
//!
//! The store's own suite kills it in the middle of its writes; here whole commands die.

mod bits;
mod commands;
mod server;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use refrain_testkit::{Output, Refrain};
use serde_json::Value;

/// What came of a command that was to be killed.
enum Fate {
    /// It died in the middle.
    Killed,
    /// It was done before.
    Ended(Output),
}

/// Starts a command and kills it at a random moment within this time.
fn kill_at_random(
    refrain: &Refrain,
    arguments: &[&str],
    rng: &mut StdRng,
    within: Duration,
) -> Fate {
    let mut command = refrain.command(arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(within.mul_f64(rng.random()));
    kill(child)
}

/// How long a command takes that must succeed; what it said.
fn timed(refrain: &Refrain, arguments: &[&str]) -> (Duration, Value) {
    let begin = Instant::now();
    let said = refrain.json(arguments);
    (begin.elapsed(), said)
}

fn kill(mut child: Child) -> Fate {
    child.kill().expect("it can be killed");
    let output = child.wait_with_output().expect("it ends");
    match output.status.code() {
        // A signal ended it.
        None => Fate::Killed,
        Some(code) => Fate::Ended(Output {
            success: code == 0,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
    }
}

#[track_caller]
fn assert_sound(refrain: &Refrain) {
    let output = refrain.run(&["fsck", "--json"]);
    assert!(output.success, "{}{}", output.stdout, output.stderr);
    assert_eq!(output.json()["faults"], serde_json::json!([]));
}

/// What a run made, whatever it took: outputs of every step, metrics, gate, model.
fn made(run: &Value) -> Value {
    let steps = run["steps"].as_array().expect("steps").iter();
    let outputs: Vec<&Value> = steps.clone().map(|step| &step["outputs"]).collect();
    let records: Vec<&Value> = steps.map(|step| &step["record"]).collect();
    serde_json::json!({
        "plan": run["plan"],
        "outputs": outputs,
        "records": records,
        "metrics": run["metrics"],
        "gate": run["gate"],
        "model": run["model_version"]["digest"],
        "fuel": run["fuel"],
    })
}
