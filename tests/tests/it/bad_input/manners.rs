//! How the command line behaves towards people, pipes and terminals.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use refrain_testkit::small;

use super::with;

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let refrain = with(small::PIPELINE);
    refrain.json(&["run", "pipeline.yaml"]);
    let all: [&[&str]; 5] = [
        &["show", "small-1"],
        &["show", "small-1", "--json"],
        &["data", "show", "rows"],
        &["schema"],
        &["--help"],
    ];
    for arguments in all {
        let mut command = refrain.command(arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // Gone before the first byte is written.
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        child.wait().expect("it ends");
        assert_eq!(said, "", "{arguments:?}");
    }
}

#[test]
fn a_full_stdout_is_an_error() {
    let refrain = with(small::PIPELINE);
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = refrain.command(&["schema"]).stdout(full).output().expect("it starts");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "error: stdout: No space left on device (os error 28)\n");
}

/// `script` gives a command a terminal.
fn on_a_terminal(
    refrain: &refrain_testkit::Refrain,
    arguments: &[&str],
    env: &[(&str, &str)],
) -> String {
    let binary = refrain.command::<&str>(&[]);
    let program = binary.get_program().to_string_lossy().into_owned();
    let line = [&[program.as_str()], arguments].concat().join(" ");
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(refrain.path()).stdin(Stdio::null());
    script.env_remove("NO_COLOR").env("TERM", "xterm").envs(env.iter().copied());
    let output = script.output().expect("script (Debian: bsdutils)");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn colours_are_for_terminals_and_for_who_wants_them() {
    let refrain = with(small::PIPELINE);
    let escape = '\u{1b}';
    for arguments in [&["run", "pipeline.yaml", "-vv"][..], &["--help"], &["run", "none"]] {
        let output = refrain.run(arguments);
        let said = output.stdout + &output.stderr;
        assert!(!said.contains(escape), "{arguments:?}: {said:?}");
    }
    let arguments = ["fsck", "-vv", "-q"];
    let coloured = on_a_terminal(&refrain, &arguments, &[]);
    assert!(coloured.contains(escape), "{coloured:?}");
    let plain = on_a_terminal(&refrain, &arguments, &[("NO_COLOR", "1")]);
    assert!(!plain.contains(escape), "{plain:?}");
}

#[test]
fn who_interrupts_a_run_is_told_how_to_go_on() {
    let refrain = with(&small::long_pipeline(12));
    let mut command = refrain.command(&["run", "pipeline.yaml", "-v"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let id = child.id().to_string();
    // The log tells of every step that is done.
    lines
        .find(|line| line.as_ref().is_ok_and(|line| line.contains("step")))
        .expect("a step")
        .expect("text");
    std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill");
    let rest: Vec<String> = lines.map(|line| line.expect("text")).collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(
        rest.last().map(String::as_str),
        Some("interrupted; `refrain resume long-1` goes on")
    );
    let shown = refrain.json(&["show", "long-1"]);
    assert_eq!(shown["status"], "running");
    assert_eq!(refrain.json(&["resume", "long-1"])["status"], "succeeded");
}

#[test]
fn a_command_that_ends_keeps_what_it_learned() {
    let refrain = with(small::PIPELINE);
    assert_eq!(refrain.json(&["run", "pipeline.yaml"])["units_reused"], 0);
    assert_eq!(refrain.json(&["run", "pipeline.yaml"])["units_executed"], 0);
}

#[test]
fn an_import_is_interrupted_too() {
    let refrain = with(small::PIPELINE);
    refrain.write("large.csv", small::hours_csv(0, 8000).repeat(300));
    let mut command = refrain.command(&["data", "import", "large", "large.csv"]);
    let child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    std::thread::sleep(std::time::Duration::from_millis(150));
    let id = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "interrupted: nothing that was acknowledged is lost\n");
    assert_eq!(refrain.json(&["fsck"])["sound"], true);
}

#[test]
fn nothing_is_told_twice() {
    let refrain = with(small::PIPELINE);
    let all: [&[&str]; 6] = [
        &["show", "none-1"],
        &["run", "none.yaml"],
        &["data", "import", "rows", "none.csv"],
        &["data", "show", "rows@blake3:1"],
        &["verify", "none.tar"],
        &["backup", "/dev/null/x"],
    ];
    for arguments in all {
        let complaint = refrain.complaint(arguments);
        let first = complaint.lines().next().expect("a line").trim_start_matches("error: ");
        let parts: Vec<&str> = first.split(": ").collect();
        let once: std::collections::BTreeSet<&str> = parts.iter().copied().collect();
        assert_eq!(parts.len(), once.len(), "{arguments:?}: {complaint}");
    }
}
