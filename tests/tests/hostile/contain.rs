//! Runs each case of a class in a process of its own, and judges what is seen of it.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::case::{Case, MEMORY_MIB_MAX, Outcome, TEXT_BYTES_MAX};
use crate::child::{self, Seen};

/// In the environment of a case's process: which one, and where its component lies.
const CASE: &str = "REFRAIN_HOSTILE_CASE";
const COMPONENT: &str = "REFRAIN_HOSTILE_COMPONENT";

/// A folder for what was seen, a file a class and a line a component: `cargo xtask hostile` asks.
const LINES: &str = "REFRAIN_HOSTILE_LINES";

/// What a case may have above its guest's memory.
const SPARE_MIB: u64 = 64;

/// How long after its deadline a case may end.
const GRACE: Duration = Duration::from_secs(1);

/// The most letters of an outcome in a line.
const SAID_MAX: usize = 200;

/// A process that is still there after this long has no end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the cases of a class, or, in the process of a case, that one.
pub fn contained(test: &str, class: &str, cases: impl IntoIterator<Item = Case>) {
    let cases: Vec<Case> = cases.into_iter().collect();
    if let Ok(name) = std::env::var(CASE) {
        let case = cases.iter().find(|case| case.name == name).expect("a case of that name");
        let component = std::env::var(COMPONENT).expect("a component");
        let seen = child::run(case, Path::new(&component));
        let report = serde_json::to_string(&seen).unwrap();
        return std::fs::write(format!("{component}.seen"), report).unwrap();
    }
    // The path of a test begins within its crate.
    let (_, test) = test.split_once("::").unwrap();
    let (mut lines, mut complaints) = (String::new(), Vec::new());
    for case in &cases {
        let (line, complaint) = judged(test, case);
        println!("{class}: {line}");
        writeln!(lines, "{class}\t{line}").unwrap();
        complaints.extend(complaint.map(|complaint| format!("{}: {complaint}", case.name)));
    }
    if let Some(folder) = std::env::var_os(LINES) {
        std::fs::write(Path::new(&folder).join(test.replace("::", ".")), lines).unwrap();
    }
    assert!(complaints.is_empty(), "{class}: not contained:\n{}", complaints.join("\n"));
}

/// A line for people, in columns, and what is wrong, if anything is.
fn judged(test: &str, case: &Case) -> (String, Option<String>) {
    let (outcome, time_ms, memory_mib, complaint) = match run_alone(test, case) {
        Ok(seen) => {
            let time_ms = seen.admission.time_ms + seen.call.time_ms;
            let memory_mib = seen.admission.memory_mib.max(seen.call.memory_mib);
            let complaint = complaint(case, &seen);
            (said(&seen), time_ms, memory_mib, complaint)
        }
        Err(error) => ("the host died".to_owned(), 0, 0, Some(error)),
    };
    let verdict = if complaint.is_none() { "contained" } else { "NOT CONTAINED" };
    let line = format!("{}\t{outcome}\t{time_ms}\t{memory_mib}\t{verdict}", case.name);
    (line, complaint)
}

fn said(seen: &Seen) -> String {
    let spaced = seen.text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let said: String = spaced.take(SAID_MAX).collect();
    match seen.outcome {
        Outcome::Refused => format!("refused: {said}"),
        Outcome::Answered => format!("answered: {said}"),
        _ => said,
    }
}

fn complaint(case: &Case, seen: &Seen) -> Option<String> {
    let (admission, call) = (&seen.admission, &seen.call);
    let late = |ms: u64, deadline: Duration| Duration::from_millis(ms) > deadline + GRACE;
    if (seen.outcome, seen.text.contains(case.words)) != (case.outcome, true) {
        let (expected, words) = (case.outcome, case.words);
        return Some(format!("expected {expected:?} with `{words}`, found {}", said(seen)));
    }
    if seen.text_bytes > TEXT_BYTES_MAX {
        return Some(format!("it ended with {} bytes of words", seen.text_bytes));
    }
    if late(admission.time_ms, case.compile_timeout) || late(call.time_ms, case.deadline) {
        return Some(format!("it took {} + {} ms", admission.time_ms, call.time_ms));
    }
    let of_both = [
        (admission.memory_mib, case.admission_mib_max),
        (call.memory_mib, MEMORY_MIB_MAX.max(case.admission_mib_max)),
    ];
    if let Some((took, max)) = of_both.iter().find(|(took, max)| *took > max + SPARE_MIB) {
        return Some(format!("it took {took} MiB of {max} + {SPARE_MIB}"));
    }
    match &seen.neighbour {
        // Once before the component came, once after it was gone.
        Ok(2..) => None,
        other => Some(format!("its neighbour: {other:?}")),
    }
}

/// Runs a case in a process of its own.
fn run_alone(test: &str, case: &Case) -> Result<Seen, String> {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("component.wasm");
    std::fs::write(&component, (case.bytes)()).unwrap();
    let stderr = folder.path().join("stderr");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CASE, &case.name)
        .env(COMPONENT, &component)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&stderr).unwrap())
        .spawn()
        .unwrap();
    let status = wait(&mut child)?;
    let seen = std::fs::read_to_string(folder.path().join("component.wasm.seen"));
    match seen {
        Ok(seen) if status.success() => serde_json::from_str(&seen).map_err(|e| e.to_string()),
        _ => {
            let stderr = std::fs::read(&stderr).unwrap();
            let end = &stderr[stderr.len().saturating_sub(1_000)..];
            Err(format!("{status}: {}", String::from_utf8_lossy(end).trim()))
        }
    }
}

fn wait(child: &mut std::process::Child) -> Result<ExitStatus, String> {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Ok(status);
        }
        if begin.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err(format!("it did not end within {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
